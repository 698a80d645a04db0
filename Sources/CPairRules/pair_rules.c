// Eight lanes side by side, compiled for several instruction sets.
//
// The same numbers as the plain rules in BasketEnvironment.swift and BasketLegality.swift to the bit: each product, quotient and
// root is taken in the same order of operations and none is fused; only sums of whole micro-dollars, which are exact, are taken in another.
// No amount can be too large to book: the environment has refused a tape on which one could.
#include "cpairrules.h"
#include "cprocessor.h"
#include "helpers.h"

#pragma STDC FP_CONTRACT OFF

typedef double doubles __attribute__((ext_vector_type(8)));
typedef int64_t integers __attribute__((ext_vector_type(8)));
typedef float floats __attribute__((ext_vector_type(8)));
typedef float float_pairs __attribute__((ext_vector_type(16)));
typedef int words __attribute__((ext_vector_type(8)));
typedef unsigned char bytes __attribute__((ext_vector_type(8)));
typedef double quarters __attribute__((ext_vector_type(4)));
typedef double pairs __attribute__((ext_vector_type(16)));
typedef int word_pairs __attribute__((ext_vector_type(16)));
typedef _Bool flags __attribute__((ext_vector_type(8)));

#define BITS_OF(condition) ({ flags f_ = __builtin_convertvector((condition), flags); unsigned char b_; __builtin_memcpy(&b_, &f_, 1); b_; })
#define DOUBLES(whole) __builtin_convertvector((whole), doubles)

// Adding 1.5 x 2^52 leaves no bit below one, so the addition itself rounds, half to even, and the low bits are the integer.
#define MICRO_DOLLARS(dollars) ({ doubles s_ = (dollars) * 1e6 + 0x1.8p52; integers i_; LOAD(i_, &s_); i_ - 0x4338000000000000L; })

// Keeps what a lane that is left alone had.
#define KEEP(new_value, old_value) new_value = done ? new_value : old_value

#define LOAD_TWO(target, row) \
  ({ quarters low_, high_; LOAD(low_, (row) + first); LOAD(high_, (row) + second); \
     target = __builtin_shufflevector(low_, high_, 0, 1, 2, 3, 4, 5, 6, 7); })

// Four doubles `first` bytes into each of eight rows and four `second` bytes into it, so that each of the eight stands side by side for all.
HELPER void transposed(const char *const *rows, long first, long second, doubles *out) {
  doubles a, b, c, d, e, f, g, h;
  LOAD_TWO(a, rows[0]);
  LOAD_TWO(b, rows[1]);
  LOAD_TWO(c, rows[2]);
  LOAD_TWO(d, rows[3]);
  LOAD_TWO(e, rows[4]);
  LOAD_TWO(f, rows[5]);
  LOAD_TWO(g, rows[6]);
  LOAD_TWO(h, rows[7]);
#define EVEN(x, y) __builtin_shufflevector(x, y, 0, 8, 2, 10, 4, 12, 6, 14)
#define ODD(x, y) __builtin_shufflevector(x, y, 1, 9, 3, 11, 5, 13, 7, 15)
#define LOW(x, y) __builtin_shufflevector(x, y, 0, 1, 8, 9, 4, 5, 12, 13)
#define HIGH(x, y) __builtin_shufflevector(x, y, 2, 3, 10, 11, 6, 7, 14, 15)
#define FRONT(x, y) __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11)
#define BACK(x, y) __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15)
  doubles even_ab = EVEN(a, b), odd_ab = ODD(a, b), even_cd = EVEN(c, d), odd_cd = ODD(c, d);
  doubles even_ef = EVEN(e, f), odd_ef = ODD(e, f), even_gh = EVEN(g, h), odd_gh = ODD(g, h);
  doubles first_04 = LOW(even_ab, even_cd), first_26 = HIGH(even_ab, even_cd);
  doubles first_15 = LOW(odd_ab, odd_cd), first_37 = HIGH(odd_ab, odd_cd);
  doubles last_04 = LOW(even_ef, even_gh), last_26 = HIGH(even_ef, even_gh);
  doubles last_15 = LOW(odd_ef, odd_gh), last_37 = HIGH(odd_ef, odd_gh);
  out[0] = FRONT(first_04, last_04);
  out[1] = FRONT(first_15, last_15);
  out[2] = FRONT(first_26, last_26);
  out[3] = FRONT(first_37, last_37);
  out[4] = BACK(first_04, last_04);
  out[5] = BACK(first_15, last_15);
  out[6] = BACK(first_26, last_26);
  out[7] = BACK(first_37, last_37);
}

// Copies `count` columns, at least 16. The last sixteen overlap those before.
HELPER void copy_columns(const float *source, float *target, long count) {
  float_pairs part;
  for (long column = 0; column < count - 16; column += 16) {
    LOAD(part, source + column);
    STORE(part, target + column);
  }
  LOAD(part, source + count - 16);
  STORE(part, target + count - 16);
}

// What an order does to one symbol.
typedef struct {
  doubles shares;
  integers units;
  integers paid;
  integers half_spread_cost;
  integers impact_cost;
  integers middle;
  integers liquidation;
} fill;

// side: -1, 0, 1. Everything else is of one symbol.
HELPER void trade(
    const cpairrules_game *game, const integers *side_, const doubles *unit, const doubles *known_close, const doubles *rate,
    const doubles *open, const doubles *close, const doubles *shares, const integers *units, fill *out) {
  const integers side = *side_;
  const doubles signed_side = DOUBLES(side);
  const integers is_buy = side > 0;
  const doubles zero = 0;
  // A purchase is a unit's worth at the price that was known; a sale is one of the held units, and the last takes all.
  const doubles held = DOUBLES(*units);
  doubles numerator = is_buy ? *unit : *shares;
  doubles denominator = is_buy ? *known_close : (*units > 1 ? held : (doubles)1.0);
  doubles executed = numerator / denominator;
  executed = side != 0 ? executed : zero;
  const doubles reference = executed * *open;
  doubles impact = *rate * __builtin_elementwise_sqrt(reference);
  const doubles most = 1 - game->half_spread;
  impact = impact < most ? impact : most;
  const doubles price = *open * (1 + signed_side * (game->half_spread + impact));
  const integers notional = MICRO_DOLLARS(executed * price);
  out->half_spread_cost = MICRO_DOLLARS(reference * game->half_spread);
  out->impact_cost = MICRO_DOLLARS(reference * impact);
  out->paid = side < 0 ? -notional : notional;
  out->units = *units + side;
  const doubles moved = *shares + signed_side * executed;
  out->shares = out->units == 0 ? zero : moved;
  const doubles worth = out->shares * *close;
  out->middle = MICRO_DOLLARS(worth);
  out->liquidation = MICRO_DOLLARS(worth - worth * game->half_spread);
}

// Steps eight lanes; the bits of the rest are or-ed into it, from `place` on. columns, row_stride: those of the game.
HELPER void step_eight(
    const cpairrules_game *game, const long columns, const long row_stride, const long prices, const cpairrules_lanes *lanes, const int *actions, const cpairrules_row *row, long lane,
    cpairrules_rest *rest, long place) {
  // Read before anything is written, since the compiler cannot know that no lane's state is among them.
  const long stride = row->observation_stride;
  const long first_position = game->first_position, second_position = game->second_position;
  float *const observations = row->observations + lane * stride;
  const float most_units = game->maximum_units;
  integers bar, cash, value, highest, middle, mask;
  LOAD(bar, lanes->bar + lane);
  const integers next_bar = bar + 1;
  const char *rows[8];
  for (int i = 0; i < 8; i++) rows[i] = game->rows + bar[i] * row_stride;
  doubles quotes[8];
  transposed(rows, prices + 16, prices + row_stride, quotes);
  LOAD(cash, lanes->cash + lane);
  LOAD(value, lanes->value + lane);
  LOAD(highest, lanes->highest + lane);
  LOAD(middle, lanes->middle + lane);
  LOAD(mask, lanes->mask + lane);
  pairs share_pairs;
  word_pairs unit_pairs;
  LOAD(share_pairs, lanes->shares + 2 * lane);
  LOAD(unit_pairs, lanes->units + 2 * lane);
  const doubles first_shares = __builtin_shufflevector(share_pairs, share_pairs, 0, 2, 4, 6, 8, 10, 12, 14);
  const doubles second_shares = __builtin_shufflevector(share_pairs, share_pairs, 1, 3, 5, 7, 9, 11, 13, 15);
  const words first_words = __builtin_shufflevector(unit_pairs, unit_pairs, 0, 2, 4, 6, 8, 10, 12, 14);
  const words second_words = __builtin_shufflevector(unit_pairs, unit_pairs, 1, 3, 5, 7, 9, 11, 13, 15);
  const integers first_units = __builtin_convertvector(first_words, integers);
  const integers second_units = __builtin_convertvector(second_words, integers);
  bytes tier_bytes;
  LOAD(tier_bytes, lanes->tier + lane);
  const integers tier_before = __builtin_convertvector(tier_bytes, integers);

  // An action is 3 x (first side + 1) + second side + 1.
  words action_words;
  LOAD(action_words, actions + lane);
  const integers action = __builtin_convertvector(action_words, integers);
  const integers third = (action * 11) >> 5;
  const integers first_side = third - 1;
  const integers second_side = action - 3 * third - 1;
  integers done = (action >= 0) & (action < 9) & (((mask >> (action & 63)) & 1) != 0);
  done &= (quotes[2] + quotes[3]) >= 0;
  done &= ~(((first_side | second_side) != 0) & game->leaves_orders);

  doubles unit = game->unit_share * DOUBLES(value);
  const doubles largest_unit = game->unit_micro_dollars;
  unit = (unit < largest_unit ? unit : largest_unit) * 1e-6;
  fill first, second;
  trade(game, &first_side, &unit, &quotes[0], &quotes[2], &quotes[4], &quotes[6], &first_shares, &first_units, &first);
  trade(
      game, &second_side, &unit, &quotes[1], &quotes[3], &quotes[5], &quotes[7], &second_shares, &second_units, &second);

  const integers orders = (first_side & 1) + (second_side & 1);
  integers commission = orders * game->commission;
  const integers paid = first.paid + second.paid;
  integers new_cash = cash - paid - commission;
  // Sales come first, so cash that suffices for all has sufficed at every order.
  done &= (new_cash >= 0) | ((first_side < 1) & (second_side < 1));

  integers spread_cost = first.half_spread_cost + second.half_spread_cost;
  integers impact_cost = first.impact_cost + second.impact_cost;
  integers new_middle = first.middle + second.middle;
  const integers liquidation = first.liquidation + second.liquidation;
  integers new_value = new_cash + liquidation;
  integers new_highest = new_value > highest ? new_value : highest;
  integers price_profit = spread_cost + impact_cost - paid + new_middle - middle;
  integers mark_change = (liquidation - new_middle) - (value - cash - middle);

  const doubles best = DOUBLES(new_highest), current = DOUBLES(new_value);
  integers tier = -((current <= best * game->kept_at_warning) + (current <= best * game->kept_at_reduction) +
                    (current <= best * game->kept_at_halt));
  tier = tier_before == 3 ? (integers)3 : tier;

  const doubles reward = DOUBLES(new_value - value) * 1e-6;
  const integers terminated = new_value <= 0;
  integers last_bar;
  LOAD(last_bar, lanes->last_bar + lane);
  const integers truncated = ~terminated & (next_bar == last_bar);

  // What holdings and tier permit, and whether cash pays for all of it even at the worst.
  const integers none = 0;
  const integers may_open = tier < 3;
  const integers buys_first = may_open & (first.units < game->maximum_units);
  const integers buys_second = may_open & (second.units < game->maximum_units);
  integers legal = (integers)((int64_t)game->all);
  legal &= ~(first.units > 0 ? none : (integers)((int64_t)game->selling[0]));
  legal &= ~(second.units > 0 ? none : (integers)((int64_t)game->selling[1]));
  legal &= ~(buys_first ? none : (integers)((int64_t)game->buying[0]));
  legal &= ~(buys_second ? none : (integers)((int64_t)game->buying[1]));
  const integers only_one = (tier == 2) & (first.units == 0) & (second.units == 0);
  legal &= ~(only_one & ~(integers)((int64_t)game->at_most_one));
  doubles next_unit = game->unit_share * current;
  next_unit = (next_unit < largest_unit ? next_unit : largest_unit) * 1e-6;
  // No buy costs more, since the largest order's impact is the largest, and a price times its quotient is the unit but for rounding.
  const doubles cost = next_unit * (1 + game->half_spread + game->largest_impact) + game->commission_dollars;
  const doubles nothing = 0;
  const doubles all_buys = (buys_first ? cost : nothing) + (buys_second ? cost : nothing);
  const integers pays = all_buys * (1 + 1e-9) + 2 * game->commission_dollars <= DOUBLES(new_cash) * 1e-6;

  const unsigned done_bits = BITS_OF(done);
  const unsigned ended_bits = BITS_OF(terminated | truncated) & done_bits;
  rest->untouched |= (uint64_t)(done_bits ^ 0xff) << place;
  rest->ended |= (uint64_t)ended_bits << place;
  rest->unmasked |= (uint64_t)(~BITS_OF(pays) & done_bits & ~ended_bits) << place;

  integers new_bar = next_bar, new_tier = tier;
  doubles first_left = first.shares, second_left = second.shares, returns, new_returns;
  integers first_held = first.units, second_held = second.units, lengths, new_lengths;
  LOAD(returns, lanes->episode_return + lane);
  LOAD(lengths, lanes->episode_length + lane);
  new_returns = returns + reward;
  new_lengths = lengths + 1;
  if (done_bits != 0xff) {
    integers old;
    KEEP(new_bar, bar);
    KEEP(new_cash, cash);
    KEEP(new_value, value);
    KEEP(new_highest, highest);
    KEEP(new_middle, middle);
    KEEP(legal, mask);
    KEEP(new_tier, tier_before);
    KEEP(first_left, first_shares);
    KEEP(second_left, second_shares);
    KEEP(first_held, first_units);
    KEEP(second_held, second_units);
    KEEP(new_returns, returns);
    KEEP(new_lengths, lengths);
    LOAD(old, lanes->price_profit + lane);
    KEEP(price_profit, old);
    LOAD(old, lanes->half_spread_cost + lane);
    KEEP(spread_cost, old);
    LOAD(old, lanes->impact_cost + lane);
    KEEP(impact_cost, old);
    LOAD(old, lanes->commission + lane);
    KEEP(commission, old);
    LOAD(old, lanes->mark_change + lane);
    KEEP(mark_change, old);
  }
  STORE(new_bar, lanes->bar + lane);
  STORE(new_cash, lanes->cash + lane);
  STORE(new_value, lanes->value + lane);
  STORE(new_highest, lanes->highest + lane);
  STORE(new_middle, lanes->middle + lane);
  STORE(legal, lanes->mask + lane);
  const bytes new_tier_bytes = __builtin_convertvector(new_tier, bytes);
  STORE(new_tier_bytes, lanes->tier + lane);
  const pairs new_share_pairs =
      __builtin_shufflevector(first_left, second_left, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
  STORE(new_share_pairs, lanes->shares + 2 * lane);
  const words held_first = __builtin_convertvector(first_held, words), held_second = __builtin_convertvector(second_held, words);
  const word_pairs new_unit_pairs =
      __builtin_shufflevector(held_first, held_second, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
  STORE(new_unit_pairs, lanes->units + 2 * lane);
  STORE(price_profit, lanes->price_profit + lane);
  STORE(spread_cost, lanes->half_spread_cost + lane);
  STORE(impact_cost, lanes->impact_cost + lane);
  STORE(commission, lanes->commission + lane);
  STORE(mark_change, lanes->mark_change + lane);
  STORE(new_returns, lanes->episode_return + lane);
  STORE(new_lengths, lanes->episode_length + lane);
  const bytes no = 0;
  STORE(no, lanes->has_ended + lane);

  const floats reward_floats = __builtin_convertvector(reward, floats);
  STORE(reward_floats, row->rewards + lane);
  const bytes terminated_bytes = __builtin_convertvector(terminated & 1, bytes);
  STORE(terminated_bytes, row->terminated + lane);
  const bytes truncated_bytes = __builtin_convertvector(truncated & 1, bytes);
  STORE(truncated_bytes, row->truncated + lane);
  STORE(legal, row->masks + lane);

  for (int above = 1; above <= 3; above++) {
    const integers stands = (tier == above) & done;
    if (BITS_OF(stands) == 0) continue;
    integers bars;
    LOAD(bars, lanes->tier_bars[above - 1] + lane);
    bars -= stands;
    STORE(bars, lanes->tier_bars[above - 1] + lane);
  }

  const floats first_place = __builtin_convertvector(held_first, floats) / most_units;
  const floats second_place = __builtin_convertvector(held_second, floats) / most_units;
  float *target = observations;
  for (int i = 0; i < 8; i++, target += stride) {
    const char *source = rows[i] + row_stride;
    copy_columns((const float *)source, target, columns);
    target[first_position] = first_place[i];
    target[second_position] = second_place[i];
    // What this lane reads next; last, since what is asked for holds up what is needed now.
    source += row_stride;
    __builtin_prefetch(source + 63, 0, 3);
    __builtin_prefetch(source + 127, 0, 3);
    __builtin_prefetch(source + row_stride - 1, 0, 3);
  }
}

FOR_EACH_INSTRUCTION_SET(
    cpairrules_rest, cpairrules_step,
    (const cpairrules_game *game, const cpairrules_lanes *lanes, const int *actions, const cpairrules_row *row, long first, long count),
    (game, lanes, actions, row, first, count)) {
  cpairrules_rest rest = {0, 0, 0};
  long place = 0;
  if (game->column_count == 26 && game->stride == 152 && game->prices == 104) {
    // Two symbols without further columns: with known numbers the copies need no loop.
    for (; place + 8 <= count; place += 8) step_eight(game, 26, 152, 104, lanes, actions, row, first + place, &rest, place);
  }
  for (; place + 8 <= count; place += 8) {
    step_eight(game, game->column_count, game->stride, game->prices, lanes, actions, row, first + place, &rest, place);
  }
  for (; place < count; place++) rest.untouched |= (uint64_t)1 << place;
  return rest;
}
