// Market store and checkpoints. Owner: Storage.
#pragma once
#if !__has_include(<hdf5.h>)
#error "hdf5.h not found: install the Debian package libhdf5-dev (apt-get install libhdf5-dev), then build again"
#else
#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// HDF5 hides its constants in macros that call a function first; Swift imports functions only.
#define STRIKEFORGE_HDF5_CONSTANT(type, name) \
  static inline type strikeforge_##name(void) { return name; }

STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_NATIVE_FLOAT)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_NATIVE_DOUBLE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_NATIVE_UINT8)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_NATIVE_INT32)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_NATIVE_INT64)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_IEEE_F32LE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_IEEE_F64LE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_STD_I8LE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_STD_U8LE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_STD_U16LE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_STD_U32LE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_STD_U64LE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_STD_I32LE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_STD_I64LE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5T_C_S1)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5P_FILE_ACCESS)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5P_FILE_CREATE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5P_GROUP_CREATE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5P_DATASET_CREATE)
STRIKEFORGE_HDF5_CONSTANT(hid_t, H5P_LINK_CREATE)
STRIKEFORGE_HDF5_CONSTANT(unsigned, H5F_ACC_TRUNC)
STRIKEFORGE_HDF5_CONSTANT(unsigned, H5F_ACC_EXCL)

// Each thread has an error stack of its own, and each prints by default.
static inline void strikeforge_hdf5_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }
static inline void strikeforge_hdf5_clear_errors(void) { H5Eclear2(H5E_DEFAULT); }
static inline herr_t strikeforge_hdf5_walk_errors(H5E_walk2_t visit, void *context) {
  return H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, visit, context);
}

// The memory of a file in memory, handed over when the file is closed. H5Fget_file_image cannot serve: it clears a flag in the superblock
// without renewing the checksum over it, so that formats with checksums cannot be opened again.
typedef struct {
  unsigned char *bytes;
  size_t capacity;
  int is_closed;
} strikeforge_image;

static inline void *strikeforge_image_malloc(size_t size, H5FD_file_image_op_t operation, void *context) {
  (void)operation;
  (void)context;
  return calloc(size ? size : 1, 1);
}

static inline void *strikeforge_image_memcpy(
    void *to, const void *from, size_t size, H5FD_file_image_op_t operation, void *context) {
  (void)operation;
  (void)context;
  return memcpy(to, from, size);
}

// Asks for large pages where there are many: a fifth of a large save went into faults of small ones. Nothing depends on whether they are had.
static inline void strikeforge_image_prepare(unsigned char *bytes, size_t size) {
#ifdef MADV_HUGEPAGE
  const size_t page = (size_t)1 << 21;
  const uintptr_t from = ((uintptr_t)bytes + page - 1) / page * page, to = (uintptr_t)bytes + size;
  if (from + page < to) (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
#endif
}

// New room is zeroed, so that gaps in the file hold nothing of this process. Fresh pages of the system are zeros without being touched, and a file
// rarely grows more than once.
static inline void *strikeforge_image_realloc(
    void *old, size_t size, H5FD_file_image_op_t operation, void *context) {
  (void)operation;
  strikeforge_image *image = (strikeforge_image *)context;
  unsigned char *bytes = (unsigned char *)calloc(size ? size : 1, 1);
  if (bytes == NULL) return NULL;
  strikeforge_image_prepare(bytes, size);
  if (old != NULL) memcpy(bytes, old, size < image->capacity ? size : image->capacity);
  free(old);
  image->capacity = size;
  return bytes;
}

static inline herr_t strikeforge_image_free(void *bytes, H5FD_file_image_op_t operation, void *context) {
  strikeforge_image *image = (strikeforge_image *)context;
  if (operation == H5FD_FILE_IMAGE_OP_FILE_CLOSE) {
    image->bytes = (unsigned char *)bytes;
    image->is_closed = 1;
  } else {
    free(bytes);
  }
  return 0;
}

static inline void *strikeforge_image_keep(void *context) { return context; }
static inline herr_t strikeforge_image_release(void *context) {
  (void)context;
  return 0;
}

// Lets the new file of an access property list leave its memory in `image`, which must outlive the file; the caller frees `bytes`.
static inline herr_t strikeforge_hdf5_keep_image(hid_t access, strikeforge_image *image) {
  H5FD_file_image_callbacks_t callbacks = {
      strikeforge_image_malloc, strikeforge_image_memcpy, strikeforge_image_realloc, strikeforge_image_free,
      strikeforge_image_keep,   strikeforge_image_release, image};
  return H5Pset_file_image_callbacks(access, &callbacks);
}
#endif
