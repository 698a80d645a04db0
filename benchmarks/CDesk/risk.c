// An order of one leg against every limit, and a book of two legs marked: what the gate does, lane after lane, with nothing between the numbers and the loop.

#include "crisk.h"

#include <math.h>
#include <string.h>

enum { multiplier = 100, decay = 2 };

typedef struct {
  double units, price, strike;
  int32_t side, expires_today;
} leg;

static double larger(double left, double right) { return left > right ? left : right; }

static double payoff(const leg *leg, double spot) {
  double exercised = leg->side > 0 ? spot - leg->strike : leg->strike - spot;
  return leg->units * larger(exercised, 0);
}

// What the legs of each expiry are worth less the least that they can pay.
static double largest_loss(const leg *legs, int count) {
  double total = 0;
  for (int first = 0; first < count; first++) {
    int is_first = 1;
    for (int other = 0; other < first; other++) is_first &= legs[other].expires_today != legs[first].expires_today;
    if (!is_first) continue;
    double value = 0, slope = 0, least = INFINITY;
    for (int place = 0; place < count; place++) {
      if (legs[place].expires_today != legs[first].expires_today) continue;
      value += legs[place].units * legs[place].price;
      if (legs[place].side > 0) slope += legs[place].units;
    }
    if (slope < 0) return INFINITY;
    for (int corner = -1; corner < count; corner++) {
      if (corner >= 0 && legs[corner].expires_today != legs[first].expires_today) continue;
      double spot = corner < 0 ? 0 : legs[corner].strike, sum = 0;
      for (int place = 0; place < count; place++)
        if (legs[place].expires_today == legs[first].expires_today) sum += payoff(legs + place, spot);
      if (sum < least) least = sum;
    }
    total += larger(value - least, 0);
  }
  return total;
}

static int book_legs(const crisk_position *book, const crisk_contract *contracts, leg *legs) {
  int count = 0;
  for (int slot = 0; slot < crisk_slots; slot++) {
    if (book[slot].quantity == 0) continue;
    const crisk_contract *contract = contracts + book[slot].contract;
    legs[count++] = (leg){(double)book[slot].quantity * multiplier, contract->bid + (contract->ask - contract->bid) / 2, contract->strike, contract->side, contract->expires_today};
  }
  return count;
}

static void maxima(const crisk_limits *limits, double value, double *most) {
  value = larger(value, 0);
  for (int limit = 0; limit < 4; limit++) most[limit] = limit == decay ? limits->decay_dollars : limits->fractions[limit] * value;
}

static int fits_greek(double held, double step, int64_t count, double scale, double most, int limit) {
  double proposed = (held + (double)count * step) * scale;
  return step > 0 ? proposed <= most : limit == decay || proposed >= -most;
}

void crisk_judge(const crisk_lanes *lanes, const crisk_order *orders, const crisk_limits *limits, int32_t *quantities) {
  for (int64_t lane = 0; lane < lanes->lanes; lane++) {
    const crisk_account *account = lanes->accounts + lane;
    const crisk_position *book = lanes->positions + lane * crisk_slots;
    const crisk_contract *contracts = lanes->contracts + lane * crisk_contracts;
    const crisk_order *order = orders + lane;
    const crisk_contract *contract = contracts + order->contract;
    int64_t quantity = order->quantity, held = 0;
    double value = (double)account->net_liquidation * 1e-6;

    for (int slot = 0; slot < crisk_slots; slot++)
      if (book[slot].quantity != 0 && book[slot].contract == order->contract) held = book[slot].quantity;
    int64_t returnable = held != 0 && (held > 0) != (order->ratio > 0) ? (held < 0 ? -held : held) : 0;
    int64_t elapsed = account->minute + 1, left = account->minute_count - elapsed;
    if (quantity > returnable) {
      int closed = account->tier >= 2 || (double)account->net_liquidation <= (double)account->high * (1 - limits->kill);
      closed |= elapsed < limits->first_minutes || left < limits->last_minutes || !(contract->volatility > 0);
      closed |= contract->expires_today && left <= limits->forced_flat_minutes;
      if (order->ratio < 0 && held <= 0)
        closed |= !(fabs(contract->amounts[0]) / (contract->spot * multiplier) <= limits->sold_delta);
      if (closed) quantity = returnable;
    }
    double most[4];
    maxima(limits, value, most);
    for (int limit = 0; limit < 4; limit++) {
      double step = contract->amounts[limit] * order->ratio;
      if (step == 0 || quantity == 0) continue;
      if (fits_greek(account->held[limit], step, quantity, limits->scale[limit], most[limit], limit)) continue;
      int64_t low = 0, high = quantity;
      while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (fits_greek(account->held[limit], step, middle, limits->scale[limit], most[limit], limit)) low = middle; else high = middle;
      }
      quantity = low;
    }
    if (quantity > 0) {
      leg legs[crisk_slots + 1];
      int count = book_legs(book, contracts, legs);
      double price = order->ratio > 0 ? contract->ask : contract->bid, shock = limits->shock_fraction * larger(value, 0);
      legs[count] = (leg){(double)(quantity * order->ratio) * multiplier, price, contract->strike, contract->side, contract->expires_today};
      if (!(largest_loss(legs, count + 1) <= shock)) {
        // Where cells would have to be priced, the bound alone decides here.
        int64_t low = 0, high = quantity;
        while (high - low > 1) {
          int64_t middle = low + (high - low) / 2;
          legs[count].units = (double)(middle * order->ratio) * multiplier;
          if (largest_loss(legs, count + 1) <= shock) low = middle; else high = middle;
        }
        quantity = low;
      }
      if (quantity > returnable) {
        legs[count].units = (double)order->ratio * multiplier;
        double loss = largest_loss(legs + count, 1);
        double size = limits->sizes[account->rank < 0.4 ? 0 : account->rank <= 0.6 ? 1 : 2] * larger(value, 0);
        if (!((double)quantity * loss <= size)) {
          int64_t low = 0, high = quantity;
          while (high - low > 1) {
            int64_t middle = low + (high - low) / 2;
            if (middle <= returnable || (double)middle * loss <= size) low = middle; else high = middle;
          }
          quantity = low;
        }
      }
    }
    quantities[lane] = (int32_t)quantity;
  }
}

typedef struct {
  double price, delta, gamma, vega;
} greeks;

static double normal(double x) { return 0.5 * erfc(-x * 0.70710678118654752440); }

// Without rates or dividends, as the lanes have it.
static greeks value_of(const crisk_contract *option, double years) {
  double s = option->side, spot = option->spot, strike = option->strike;
  if (years == 0) {
    double exercised = s * (spot - strike);
    return (greeks){larger(exercised, 0), exercised > 0 ? s : exercised == 0 ? 0.5 * s : 0, 0, 0};
  }
  double root = sqrt(years), deviation = option->volatility * root;
  double d1 = log(spot / strike) / deviation + deviation / 2, d2 = d1 - deviation;
  double density = exp(-0.5 * d1 * d1) * 0.39894228040143267794;
  double first = normal(s * d1), second = normal(s * d2);
  return (greeks){larger(s * (spot * first - strike * second), 0), s * first, density / (spot * deviation), spot * density * root};
}

void crisk_mark(const crisk_lanes *lanes, const int64_t *values, const crisk_limits *limits, int32_t minute) {
  for (int64_t lane = 0; lane < lanes->lanes; lane++) {
    crisk_account *account = lanes->accounts + lane;
    const crisk_position *book = lanes->positions + lane * crisk_slots;
    crisk_contract *contracts = lanes->contracts + lane * crisk_contracts;
    account->minute = minute;
    account->net_liquidation = values[lane];
    memset(account->held, 0, sizeof account->held);
    for (int slot = 0; slot < crisk_slots; slot++) {
      if (book[slot].quantity == 0) continue;
      crisk_contract *contract = contracts + book[slot].contract;
      greeks now = value_of(contract, contract->years), then = value_of(contract, contract->years_at_close);
      contract->amounts[0] = multiplier * now.delta * contract->spot;
      contract->amounts[1] = multiplier * now.gamma * contract->spot * contract->spot / 100;
      contract->amounts[2] = multiplier * (now.price - then.price);
      contract->amounts[3] = multiplier * (now.vega / 100);
      for (int limit = 0; limit < 4; limit++) account->held[limit] += contract->amounts[limit] * book[slot].quantity;
    }
    double value = (double)values[lane], dollars = value * 1e-6, most[4];
    if (values[lane] > account->high) account->high = values[lane];
    if (account->tier < 3) {
      double start = (double)account->session_start;
      account->tier = value <= start * (1 - limits->halt) ? 3 : value <= start * (1 - limits->reduce) ? 2 : value <= start * (1 - limits->warn) ? 1 : 0;
    }
    maxima(limits, dollars, most);
    int32_t passed = 0;
    for (int limit = 0; limit < 4; limit++) {
      double amount = account->held[limit] * limits->scale[limit];
      if (limit != decay) amount = fabs(amount);
      if (!(amount <= most[limit] + most[limit] * 1e-9 + 1e-6)) passed |= 1 << limit;
    }
    leg legs[crisk_slots];
    int count = book_legs(book, contracts, legs);
    if (!(largest_loss(legs, count) <= limits->shock_fraction * larger(dollars, 0))) passed |= 1 << 4;
    account->passed = passed;
  }
}
