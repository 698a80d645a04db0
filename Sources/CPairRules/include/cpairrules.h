// The rules of the basket game for two symbols without shorts, eight lanes at a time. Owned by Environments/Basket/PairRules.swift.
#pragma once

#include <stdint.h>

// What a game never changes. Dollars, fractions and micro-dollars as in BasketConfiguration.
typedef struct {
  // (bars, stride bytes): the observation's columns as floats; then, `prices` bytes into the row, six doubles: the open, the close and the
  // impact rate of each symbol. A rate that is not a number says that something is unknown.
  const char *rows;
  long stride;
  long prices;
  long column_count;
  // The columns that hold the positions.
  long first_position;
  long second_position;
  long maximum_units;
  double unit_micro_dollars;
  double unit_share;
  double half_spread;
  double commission_dollars;
  int64_t commission;
  // No order has an impact above this at any bar.
  double largest_impact;
  // What is kept of the highest value at the edge of each tier.
  double kept_at_warning;
  double kept_at_reduction;
  double kept_at_halt;
  // Legal actions of all; those that sell, and buy, the first and the second; those that leave at most one of two flat symbols held.
  uint64_t all;
  uint64_t selling[2];
  uint64_t buying[2];
  uint64_t at_most_one;
  // All bits set where every order is left untouched, for plain rules that write fills down; else 0.
  int64_t leaves_orders;
} cpairrules_game;

// The state of all lanes as in BasketLanes, and what a step leaves. (N), or (N, 2) where noted.
typedef struct {
  int64_t *bar;
  const int64_t *last_bar;
  int64_t *cash;
  double *shares;  // (N, 2)
  int *units;      // (N, 2)
  int64_t *highest;
  unsigned char *tier;
  int64_t *value;
  int64_t *middle;
  uint64_t *mask;
  int64_t *price_profit;
  int64_t *half_spread_cost;
  int64_t *impact_cost;
  int64_t *commission;
  int64_t *mark_change;
  unsigned char *has_ended;
  double *episode_return;
  int64_t *episode_length;
  int64_t *tier_bars[3];  // closes in each tier above none
} cpairrules_lanes;

// What a step writes for whoever learns from it, (N) each; observations (N, column_count) with `observation_stride` floats a row.
typedef struct {
  float *observations;
  long observation_stride;
  float *rewards;
  unsigned char *terminated;
  unsigned char *truncated;
  uint64_t *masks;
} cpairrules_row;

// Which of the lanes first ..< first + count need something else; bit 0 is `first`.
typedef struct {
  // Nothing of them has been changed: illegal requests, unknown volumes, orders that cash does not pay in full.
  uint64_t untouched;
  // All is done but that the legal actions need a closer look: cash may not pay for everything.
  uint64_t unmasked;
  // All is done, and the episode has ended: the lane stands where it ended, without legal actions and without an observation that holds.
  uint64_t ended;
} cpairrules_rest;

// Steps `count` lanes from `first` on, at most 64. What is left over of a multiple of eight is untouched.
cpairrules_rest cpairrules_step(
    const cpairrules_game *game, const cpairrules_lanes *lanes, const int *actions, const cpairrules_row *row, long first,
    long count);
