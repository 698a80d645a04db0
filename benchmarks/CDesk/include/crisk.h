// The risk gate's arithmetic as plain C loops, to measure the gate's own against. Owned by benchmarks/Benchmark/RiskSubject.swift.
#pragma once

#include <stdint.h>

enum { crisk_slots = 4, crisk_contracts = 4 };

// An option on its quote: what it is made of, and what one of it does (delta, gamma for 1 %, decay to the close, vega; dollars).
typedef struct {
  double amounts[4];
  double spot, strike, years, years_at_close, volatility, bid, ask;
  int32_t side;
  int32_t expires_today;
} crisk_contract;

typedef struct {
  int32_t contract;
  int32_t quantity;
} crisk_position;

typedef struct {
  double held[4];
  double rank;
  int64_t net_liquidation, session_start, high;
  int32_t minute, minute_count, tier, passed;
} crisk_account;

// ratio: 1 or -1.
typedef struct {
  int32_t contract, ratio, quantity;
} crisk_order;

// Fractions are of net liquidation value. scale: of the binding basis.
typedef struct {
  double scale[4];
  double fractions[4];
  double decay_dollars, shock_fraction, sold_delta;
  double sizes[3];
  double warn, reduce, halt, kill;
  int32_t first_minutes, last_minutes, forced_flat_minutes;
} crisk_limits;

// positions: (lanes, crisk_slots). contracts: (lanes, crisk_contracts).
typedef struct {
  int64_t lanes;
  crisk_account *accounts;
  crisk_position *positions;
  crisk_contract *contracts;
} crisk_lanes;

// How many of an order of one leg may be traded in each lane; nothing else is in flight, and what the shock may cost is bounded without pricing a cell.
void crisk_judge(const crisk_lanes *lanes, const crisk_order *orders, const crisk_limits *limits, int32_t *quantities);

// Greeks of the contracts from their volatilities, by the textbook's formula, and every limit on what is held of them.
void crisk_mark(const crisk_lanes *lanes, const int64_t *values, const crisk_limits *limits, int32_t minute);
