// The step of the options game as a plain C loop, to measure the environment against. Owned by benchmarks/Benchmark/PlainOptions.swift.
#pragma once

#include <stdint.h>

enum { coptions_features = 20, coptions_columns = 36 };

// Prices in ten-thousandths of a dollar, money in micro-dollars, as in Trading.

// A contract in a minute. It can be traded where bid > 0 and ask > bid. Greeks are of one unit; 0 where nobody knows them.
typedef struct {
  int32_t bid, ask;
  float delta, gamma, decay, vega;
} coptions_quote;

// A minute: what is seen, and the call and the put that whoever buys gets; -1 for none.
typedef struct {
  float features[coptions_features];
  float spot, log_price;
  int32_t entries[2], quantities[2];
} coptions_row;

// Where a session's rows, places and contracts begin. Minute m has the places first_place + m x contracts on. settlement: the underlying's last price.
typedef struct {
  int64_t first_row, first_place;
  int32_t first_contract, contracts, minutes, settlement;
} coptions_session;

// side: 1 call, -1 put.
typedef struct {
  int32_t strike, side;
} coptions_contract;

typedef struct {
  const coptions_quote *quotes;
  const coptions_row *rows;
  const coptions_session *sessions;
  const coptions_contract *contracts;
  uint64_t session_count;
} coptions_market;

// fee: a contract. From so many minutes before the close on everything is given back. most_contracts: what quantities are shown over.
typedef struct {
  int64_t fee, account;
  int32_t forced_flat_minutes, most_contracts;
} coptions_rules;

// order: contracts in flight, sold negative; 0 for none.
typedef struct {
  int64_t cash, value, paid;
  int32_t session, minute, contract, quantity, opened, order, order_contract, bid, ask, unused;
} coptions_lane;

// One minute of every lane. actions: 0 hold, 1 buy call, 2 buy put, 3 trim half, 4 trim most, 5 exit; what cannot be done is not done. observations: (count,
// coptions_columns). Where an episode ends the lane begins the next one, in a session that is drawn.
void coptions_step(
    const coptions_market *market, const coptions_rules *rules, coptions_lane *lanes, int64_t count, const uint8_t *actions,
    float *observations, float *rewards, uint8_t *ended, uint64_t *random);

// Opens a session in a lane: nothing held.
void coptions_open(const coptions_rules *rules, coptions_lane *lane, int32_t session);
