// Orders of one leg, filled at the far touch and booked, and books marked: what the desk does, lane after lane, with nothing between the numbers and the loop.

#include "cdesk.h"

#include <string.h>

enum { multiplier = 100, most_price = 1000000000, tick = 100 };

typedef struct {
  int64_t bid, ask, minute;
} quote;

// 0 where it fills nothing.
static int read_quote(const cdesk_quotes *quotes, int64_t place, int64_t minute, quote *quote) {
  quote->bid = quotes->bids[place];
  quote->ask = quotes->asks[place];
  quote->minute = quotes->minutes[place];
  if (quote->minute < 0 || quote->minute > minute || minute - quote->minute > cdesk_most_age) return 0;
  return quote->bid > 0 && quote->ask > quote->bid && quote->ask <= most_price;
}

static int64_t larger(int64_t left, int64_t right) { return left > right ? left : right; }
static int64_t smaller(int64_t left, int64_t right) { return left < right ? left : right; }

// tick x (x units cost x max(0, x / size - 1)), the difference that the order makes, a unit, rounded up.
static int64_t impact_of(int64_t quantity, int64_t taken, int64_t size) {
  if (taken + quantity <= size) return 0;
  unsigned __int128 after = (unsigned __int128)(taken + quantity) * (uint64_t)(taken + quantity - size);
  unsigned __int128 before = taken > size ? (unsigned __int128)taken * (uint64_t)(taken - size) : 0;
  unsigned __int128 beyond = (after - before) * 1000 * tick;
  unsigned __int128 divisor = (unsigned __int128)1000 * (uint64_t)size * (uint64_t)quantity;
  unsigned __int128 each = (beyond + divisor - 1) / divisor;
  return each < most_price ? (int64_t)each : most_price;
}

// Half to even.
static int64_t value_fee(int64_t proceeds, int64_t rate) {
  if (proceeds <= 0 || rate <= 0) return 0;
  const int64_t unit = 1000000000000;
  unsigned __int128 product = (unsigned __int128)proceeds * (uint64_t)rate;
  int64_t whole = (int64_t)(product / unit), rest = (int64_t)(product % unit);
  return whole + (rest * 2 > unit || (rest * 2 == unit && whole % 2 == 1));
}

static int64_t middle_of(const cdesk_position *position) {
  return (int64_t)position->quantity * position->multiplier * (position->bid + position->ask) * 50;
}

static int64_t liquidation_of(const cdesk_position *position) {
  return (int64_t)position->quantity * position->multiplier * (position->quantity > 0 ? position->bid : position->ask) * 100;
}

static int64_t share_of(int64_t amount, int64_t part, int64_t whole) {
  return part == whole ? amount : (int64_t)((__int128)amount * part / whole);
}

static void add(cdesk_position *position, int64_t added, int64_t amount) {
  int64_t held = position->quantity;
  position->quantity += (int32_t)added;
  if (held * added >= 0) {
    position->basis += amount;
    return;
  }
  int64_t size = held < 0 ? -held : held, count = added < 0 ? -added : added;
  int64_t given = smaller(size, count);
  position->basis += -share_of(position->basis, given, size) + amount - share_of(amount, given, count);
}

int64_t cdesk_fill(
    const cdesk_accounts *accounts, const cdesk_order *orders, const cdesk_quotes *quotes, const cdesk_rates *rates, int64_t minute) {
  int64_t filled = 0;
  for (int64_t lane = 0; lane < accounts->lanes; lane++) {
    const cdesk_order *order = orders + lane;
    int64_t place = quotes->rows[lane] + order->contract;
    quote quote;
    if (order->quantity == 0 || !read_quote(quotes, place, minute, &quote)) continue;
    int side = order->quantity > 0 ? 1 : -1;
    int64_t count = side * order->quantity;

    // The far touch, and what the size costs beyond.
    cdesk_taken *taken = accounts->taken + lane * accounts->contracts + order->contract;
    if (taken->minute != quote.minute) *taken = (cdesk_taken){quote.minute, 0, 0};
    int64_t touch = side > 0 ? quote.ask : quote.bid, size = side > 0 ? quotes->ask_sizes[place] : quotes->bid_sizes[place];
    int64_t price = touch;
    if (size == 0) continue;
    if (size > 0) {
      int64_t each = impact_of(count, side > 0 ? taken->bought : taken->sold, size);
      price = side > 0 ? smaller(touch + each, most_price) : larger(touch - each, 0);
    } else {
      int64_t cap = larger(quotes->volumes[place] / 10, 1) - taken->bought - taken->sold;
      count = smaller(count, larger(cap, 0));
      if (count == 0) continue;
    }
    int64_t quantity = side * count;
    if (side > 0) taken->bought += count; else taken->sold += count;

    // Its costs.
    int64_t amount = price * 100 * multiplier * quantity;
    int64_t middle_amount = (quote.bid + quote.ask) * 50 * multiplier * quantity;
    int64_t impact = (price > touch ? price - touch : touch - price) * 100 * multiplier * count;
    int64_t commission = larger(rates->commission * count, rates->order_minimum);
    int64_t clearing = rates->clearing * count, regulatory = rates->regulatory * count;
    int64_t sale_fees = side < 0 ? rates->sale * count + value_fee(-amount, rates->sale_value) : 0;

    // The books.
    cdesk_position *book = accounts->positions + lane * cdesk_slots;
    int slot = 0, free_slot = cdesk_slots;
    for (; slot < cdesk_slots; slot++) {
      if (book[slot].quantity != 0 && book[slot].contract == order->contract) break;
      if (book[slot].quantity == 0 && free_slot == cdesk_slots) free_slot = slot;
    }
    if (slot == cdesk_slots) {
      if (free_slot == cdesk_slots) continue;
      slot = free_slot;
      book[slot] = (cdesk_position){order->contract, multiplier, 0, 1, 0, quote.bid, quote.ask, quote.bid, quote.ask};
    }
    cdesk_position after = book[slot];
    int64_t middle = middle_of(&after), distance = liquidation_of(&after) - middle;
    add(&after, quantity, amount);
    after.bid = after.last_bid = quote.bid;
    after.ask = after.last_ask = quote.ask;
    after.is_quoted = 1;
    book[slot] = after;
    if (after.quantity == 0) book[slot].contract = -1;
    accounts->cash[lane] -= amount + commission + clearing + regulatory + sale_fees;
    cdesk_sums *sums = accounts->sums + lane;
    sums->price_profit += middle_of(&after) - middle - middle_amount;
    sums->mark_change += liquidation_of(&after) - middle_of(&after) - distance;
    sums->half_spread += amount - middle_amount - impact;
    sums->impact += impact;
    sums->commission += commission;
    sums->clearing += clearing;
    sums->regulatory += regulatory;
    sums->sale_fees += sale_fees;

    // The group: a part of an order that is filled later belongs to the first.
    cdesk_group *groups = accounts->groups + lane * cdesk_slots;
    int64_t known = order->closes != 0 ? order->closes : order->id;
    int at = 0, free_place = cdesk_slots;
    for (; at < cdesk_slots && groups[at].order != known; at++)
      if (groups[at].order == 0 && free_place == cdesk_slots) free_place = at;
    if (order->closes != 0) {
      if (at < cdesk_slots && (groups[at].quantity -= count) <= 0) memset(groups + at, 0, sizeof *groups);
    } else if (at < cdesk_slots) {
      groups[at].quantity += count;
      groups[at].opened_for += amount;
    } else if (free_place < cdesk_slots) {
      groups[free_place] = (cdesk_group){order->id, count, amount, minute, order->contract, side};
    }
    filled++;
  }
  return filled;
}

void cdesk_mark(const cdesk_accounts *accounts, const cdesk_quotes *quotes, int64_t minute) {
  for (int64_t lane = 0; lane < accounts->lanes; lane++) {
    cdesk_position *book = accounts->positions + lane * cdesk_slots;
    int64_t price_profit = 0, mark_change = 0;
    for (int slot = 0; slot < cdesk_slots; slot++) {
      cdesk_position *position = book + slot;
      if (position->quantity == 0) continue;
      quote quote;
      int64_t middle = middle_of(position), distance = liquidation_of(position) - middle;
      if (read_quote(quotes, quotes->rows[lane] + position->contract, minute, &quote)) {
        position->bid = position->last_bid = quote.bid;
        position->ask = position->last_ask = quote.ask;
        position->is_quoted = 1;
      } else {
        position->bid = position->last_bid;
        position->ask = position->last_ask;
        position->is_quoted = 0;
      }
      price_profit += middle_of(position) - middle;
      mark_change += liquidation_of(position) - middle_of(position) - distance;
    }
    accounts->sums[lane].price_profit += price_profit;
    accounts->sums[lane].mark_change += mark_change;
  }
}
