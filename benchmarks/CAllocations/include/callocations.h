// Counts the calls of the C library's allocator that this program makes, on all threads.
#pragma once

// Memory asked for so far: malloc, calloc, realloc, posix_memalign, aligned_alloc and their older relatives, each call one.
long callocations_taken(void);

// Memory given back so far.
long callocations_returned(void);

// The control: asks for memory once, uses it and gives it back.
void callocations_allocate_once(void);
