/* A plain C loop over a two-ticker market: what stepping costs where nothing is accounted for.
 *
 * Every lane owns a place in a table of bars. A step reads an action of 3 x 3 target positions drawn beforehand, earns the positions'
 * next returns less a cost for every change, moves one bar on, and writes the lane's observation: a copy of the bar's 24 features and the two
 * positions. Episodes have a fixed length and begin again at a random bar. There is no cash, no order, no fill, no mask and no rounding.
 *
 * Usage: environment [LANES] [BARS] [SECONDS]     (4096, 100000, 1)
 * Prints environment steps per second of CPU time, and a sum that keeps the compiler honest.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FEATURES = 24, COLUMNS = FEATURES + 2, EPISODE = 390, ACTION_ROWS = 64, STEPS_BETWEEN_LOOKS = 256 };

struct bar {
  float features[FEATURES];
};

struct lane {
  int32_t bar;
  int32_t steps_left;
  float position[2];
};

static uint64_t random_state = 0x9e3779b97f4a7c15u;

/* xorshift64*: Vigna 2016, "An experimental exploration of Marsaglia's xorshift generators, scrambled". */
static uint32_t random_word(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (uint32_t)((random_state * 0x2545f4914f6cdd1du) >> 32);
}

static float random_unit(void) { return (float)(random_word() >> 8) * 0x1p-24f; }

static double cpu_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *memory(size_t bytes) {
  void *base = NULL;
  if (posix_memalign(&base, 64, bytes) != 0) {
    fputs("environment: not enough memory\n", stderr);
    exit(1);
  }
  return base;
}

static int count_argument(int count, char **words, int place, int standard, int least) {
  if (place >= count) return standard;
  char *end = NULL;
  long value = strtol(words[place], &end, 10);
  if (*end != 0 || value < least || value > 1 << 26) {
    fprintf(stderr, "environment: %s must be a whole number from %d on\n", words[place], least);
    exit(64);
  }
  return (int)value;
}

static float magnitude(float value) { return value < 0 ? -value : value; }

int main(int argument_count, char **arguments) {
  const int lanes = count_argument(argument_count, arguments, 1, 4096, 1);
  const int bars = count_argument(argument_count, arguments, 2, 100000, EPISODE + 3);
  const int seconds = count_argument(argument_count, arguments, 3, 1, 1);
  const uint32_t starts = (uint32_t)(bars - EPISODE - 1);

  struct bar *table = memory((size_t)bars * sizeof *table);
  float(*next_return)[2] = memory((size_t)bars * sizeof *next_return);
  struct lane *state = memory((size_t)lanes * sizeof *state);
  uint8_t *actions = memory((size_t)lanes * ACTION_ROWS);
  float *observations = memory((size_t)lanes * COLUMNS * sizeof *observations);
  float *rewards = memory((size_t)lanes * sizeof *rewards);
  uint8_t *ended = memory((size_t)lanes);

  for (int bar = 0; bar < bars; bar++) {
    for (int column = 0; column < FEATURES; column++) table[bar].features[column] = random_unit();
    for (int symbol = 0; symbol < 2; symbol++) next_return[bar][symbol] = 0.001f * (random_unit() - 0.5f);
  }
  for (int place = 0; place < lanes * ACTION_ROWS; place++) actions[place] = (uint8_t)(random_word() % 9);
  for (int lane = 0; lane < lanes; lane++) {
    /* Ends apart: every lane is somewhere inside its first episode. */
    state[lane] = (struct lane){(int32_t)(random_word() % starts), 1 + (int32_t)(random_word() % EPISODE), {0, 0}};
  }

  const float cost = 0.0001f;
  double steps = 0, sum = 0, elapsed = 0;
  const double begin = cpu_seconds();
  for (int step = 0; elapsed < seconds; step++) {
    const uint8_t *chosen = actions + (size_t)(step % ACTION_ROWS) * (size_t)lanes;
    for (int lane = 0; lane < lanes; lane++) {
      struct lane *one = &state[lane];
      float first = (float)(chosen[lane] / 3) - 1, second = (float)(chosen[lane] % 3) - 1;
      int32_t bar = one->bar;
      rewards[lane] = first * next_return[bar][0] + second * next_return[bar][1] -
                      cost * (magnitude(first - one->position[0]) + magnitude(second - one->position[1]));
      bar++;
      const int ends = --one->steps_left == 0;
      ended[lane] = (uint8_t)ends;
      if (ends) {
        bar = (int32_t)(random_word() % starts);
        one->steps_left = EPISODE;
        first = second = 0;
      }
      one->bar = bar;
      one->position[0] = first;
      one->position[1] = second;
      float *row = observations + (size_t)lane * COLUMNS;
      memcpy(row, table[bar].features, sizeof table[bar].features);
      row[FEATURES] = first;
      row[FEATURES + 1] = second;
    }
    steps += lanes;
    sum += rewards[step % lanes] + observations[step % (lanes * COLUMNS)] + ended[step % lanes];
    if (step % STEPS_BETWEEN_LOOKS == STEPS_BETWEEN_LOOKS - 1) elapsed = cpu_seconds() - begin;
  }
  printf("%.0f steps per CPU second (sum %g)\n", steps / elapsed, sum);
  return 0;
}
