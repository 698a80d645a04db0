// Options within the session, lane after lane: a table of quotes, a fill, a mark and a row of observations. No limits, no sizes, no masks, no itemised books.

#include "coptions.h"

#include <string.h>

enum { multiplier = 100, tick = 100, least_exercise = 100 };

// xorshift64*: Vigna 2016, "An experimental exploration of Marsaglia's xorshift generators, scrambled".
static uint32_t draw(uint64_t *random, uint64_t below) {
  uint64_t state = *random;
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  *random = state;
  return (uint32_t)(((state * 0x2545f4914f6cdd1du) >> 32) * below >> 32);
}

void coptions_open(const coptions_rules *rules, coptions_lane *lane, int32_t session) {
  memset(lane, 0, sizeof *lane);
  lane->cash = lane->value = rules->account;
  lane->session = session;
}

static void fill(coptions_lane *lane, const coptions_quote *quote, int64_t fee) {
  const int32_t order = lane->order;
  const int64_t unit = tick * multiplier;
  if (order > 0) {
    lane->contract = lane->order_contract;
    lane->quantity = order;
    lane->opened = lane->minute;
    lane->paid = order * unit * quote->ask;
    lane->cash -= lane->paid + order * fee;
  } else {
    const int32_t left = lane->quantity + order;
    lane->paid -= left == 0 ? lane->paid : lane->paid * -order / lane->quantity;
    lane->cash += -order * unit * quote->bid + order * fee;
    lane->quantity = left;
  }
  lane->order = 0;
}

static void settle(const coptions_market *market, const coptions_session *session, coptions_lane *lane) {
  const coptions_contract *contract = market->contracts + session->first_contract + lane->contract;
  const int64_t worth = (int64_t)contract->side * (session->settlement - contract->strike);
  if (worth >= least_exercise) lane->cash += lane->quantity * worth * tick * multiplier;
}

static void show(
    const coptions_market *market, const coptions_rules *rules, const coptions_session *session, const coptions_lane *lane, float *row) {
  const coptions_row *minute = market->rows + session->first_row + lane->minute;
  memcpy(row, minute->features, sizeof minute->features);
  float *column = row + coptions_features;
  const float most = (float)rules->most_contracts;
  memset(column, 0, 13 * sizeof *column);
  if (lane->quantity > 0) {
    const coptions_quote *quote =
        market->quotes + session->first_place + (int64_t)lane->minute * session->contracts + lane->contract;
    const float units = (float)(lane->quantity * multiplier), value = (float)lane->value * 1e-6f, spot = minute->spot;
    const int64_t worth = (int64_t)lane->quantity * lane->bid * tick * multiplier;
    column[0] = (float)market->contracts[session->first_contract + lane->contract].side;
    column[1] = (float)lane->quantity / most;
    column[2] = (float)(worth - lane->paid) / (float)lane->paid;
    column[3] = 2 * (float)(lane->ask - lane->bid) / (float)(lane->ask + lane->bid);
    column[4] = (float)(lane->minute - lane->opened) / (float)session->minutes;
    column[5] = quote->delta;
    column[6] = units * quote->decay / value;
    column[7] = 0;
    column[9] = 0.01f * units * quote->delta * spot / value;
    column[10] = 0.005f * units * quote->gamma * spot * spot * 0.01f / value;
    column[11] = column[6];
    column[12] = units * quote->vega * 0.01f / value;
  }
  column[8] = (float)lane->order / most;
  column[13] = 0;
  column[14] = 0;
  column[15] = minute->log_price;
}

void coptions_step(
    const coptions_market *market, const coptions_rules *rules, coptions_lane *lanes, int64_t count, const uint8_t *actions,
    float *observations, float *rewards, uint8_t *ended, uint64_t *random) {
  const float scale = 1 / (float)rules->account;
  for (int64_t number = 0; number < count; number++) {
    coptions_lane *lane = lanes + number;
    const coptions_session *session = market->sessions + lane->session;
    const int64_t before = lane->value;
    const uint8_t action = actions[number];

    // What is decided at the minute's end; an exit that was not filled still works.
    if (lane->order == 0) {
      if (lane->quantity > 0) {
        const int32_t held = lane->quantity;
        lane->order = action == 3 ? -(held / 2) : action == 4 ? -(3 * held / 4) : action == 5 ? -held : 0;
        lane->order_contract = lane->contract;
      } else if (action == 1 || action == 2) {
        const coptions_row *row = market->rows + session->first_row + lane->minute;
        if (row->entries[action - 1] >= 0) {
          lane->order = row->quantities[action - 1];
          lane->order_contract = row->entries[action - 1];
        }
      }
    }

    // The next minute.
    lane->minute++;
    const coptions_quote *quotes = market->quotes + session->first_place + (int64_t)lane->minute * session->contracts;
    if (lane->order != 0) {
      const coptions_quote *quote = quotes + lane->order_contract;
      if (quote->bid > 0 && quote->ask > quote->bid) {
        fill(lane, quote, rules->fee);
      } else if (lane->order != -lane->quantity) {
        lane->order = 0;
      }
    }
    const int ends = lane->minute == session->minutes - 1;
    if (ends) {
      if (lane->quantity > 0) settle(market, session, lane);
      rewards[number] = (float)(lane->cash - before) * scale;
      coptions_open(rules, lane, (int32_t)draw(random, market->session_count));
      session = market->sessions + lane->session;
    } else {
      if (lane->quantity > 0) {
        const coptions_quote *quote = quotes + lane->contract;
        if (quote->bid > 0 && quote->ask > quote->bid) {
          lane->bid = quote->bid;
          lane->ask = quote->ask;
        }
        if (lane->order == 0 && session->minutes - 1 - lane->minute <= rules->forced_flat_minutes) {
          lane->order = -lane->quantity;
          lane->order_contract = lane->contract;
        }
      }
      lane->value = lane->cash + (int64_t)lane->quantity * lane->bid * tick * multiplier;
      rewards[number] = (float)(lane->value - before) * scale;
    }
    ended[number] = (uint8_t)ends;
    show(market, rules, session, lane, observations + number * coptions_columns);
  }
}
