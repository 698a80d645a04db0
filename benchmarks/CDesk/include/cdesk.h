// The desk's arithmetic as plain C loops, to measure the desk's own against. Owned by benchmarks/Benchmark/DeskSubject.swift.
#pragma once

#include <stdint.h>

// Prices in ten-thousandths of a dollar, money in micro-dollars, as in Trading.

// Quotes as columns of places: contract c of lane n stands at rows[n] + c. A size or a volume below 0 says that nobody knows it; a minute below 0 that the quote
// was carried forward.
typedef struct {
  const int32_t *bids;
  const int32_t *asks;
  const int32_t *bid_sizes;
  const int32_t *ask_sizes;
  const int32_t *volumes;
  const int32_t *minutes;
  const long *rows;
} cdesk_quotes;

// A market order of one leg. quantity: signed. closes: the order whose group it closes, 0 where it opens one.
typedef struct {
  int64_t id;
  int64_t quantity;
  int64_t closes;
  int32_t contract;
} cdesk_order;

// quantity 0: the slot is free.
typedef struct {
  int32_t contract;
  int32_t multiplier;
  int32_t quantity;
  int32_t is_quoted;
  int64_t basis;
  int64_t bid;
  int64_t ask;
  int64_t last_bid;
  int64_t last_ask;
} cdesk_position;

// Legs of one order, here of one. order 0: the place is free.
typedef struct {
  int64_t order;
  int64_t quantity;
  int64_t opened_for;
  int64_t opened_minute;
  int32_t contract;
  int32_t ratio;
} cdesk_group;

// Every step of an account, by where it came from.
typedef struct {
  int64_t price_profit;
  int64_t mark_change;
  int64_t half_spread;
  int64_t impact;
  int64_t commission;
  int64_t clearing;
  int64_t regulatory;
  int64_t sale_fees;
} cdesk_sums;

// What a lane took of the last quote of a contract.
typedef struct {
  int64_t minute;
  int64_t bought;
  int64_t sold;
} cdesk_taken;

// Rates of options, a contract.
typedef struct {
  int64_t commission;
  int64_t order_minimum;
  int64_t clearing;
  int64_t regulatory;
  int64_t sale;
  // Micro-dollars a million dollars of proceeds.
  int64_t sale_value;
} cdesk_rates;

enum { cdesk_slots = 8, cdesk_most_age = 2 };

// positions, groups: (lanes, cdesk_slots). taken: (lanes, contracts). cash, sums: (lanes).
typedef struct {
  int64_t lanes;
  int64_t contracts;
  cdesk_position *positions;
  cdesk_group *groups;
  cdesk_taken *taken;
  int64_t *cash;
  cdesk_sums *sums;
} cdesk_accounts;

// Fills and books an order of every lane; returns how many were filled. orders: (lanes).
int64_t cdesk_fill(
    const cdesk_accounts *accounts, const cdesk_order *orders, const cdesk_quotes *quotes, const cdesk_rates *rates, int64_t minute);

// Marks every book at the end of a minute.
void cdesk_mark(const cdesk_accounts *accounts, const cdesk_quotes *quotes, int64_t minute);
