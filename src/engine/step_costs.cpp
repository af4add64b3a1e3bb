#include "engine/step_costs.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace youtu {
namespace {

// How much a new step counts against all before it. A machine that changed is known after some ten
// steps, and a single slow step does not upset the account. The slope is a property of the model
// and changes less.
constexpr double kMeanRate = 0.1;
constexpr double kSlopeRate = 0.02;

double ratio(int64_t a, int64_t b) {
  return static_cast<double>(a) / static_cast<double>(b);
}

}  // namespace

StepCosts::StepCosts(int64_t max_rows) {
  CHECK(max_rows >= 1);
  for (int64_t power = 1; power < max_rows; power *= 2) {
    knots_.push_back({.rows = power});
    const int64_t middle = power * 3 / 2;
    if (middle > power && middle < max_rows) knots_.push_back({.rows = middle});
  }
  knots_.push_back({.rows = max_rows});
}

size_t StepCosts::nearest_knot(int64_t rows) const {
  const auto above = std::find_if(knots_.begin(), knots_.end(),
                                  [rows](const Knot& knot) { return knot.rows >= rows; });
  if (above == knots_.end()) return knots_.size() - 1;
  if (above == knots_.begin()) return 0;
  const auto below = std::prev(above);
  const bool is_nearer = above->rows - rows < rows - below->rows;
  return static_cast<size_t>((is_nearer ? above : below) - knots_.begin());
}

double StepCosts::rows_seconds(int64_t rows) const {
  const auto above = std::find_if(knots_.begin(), knots_.end(),
                                  [rows](const Knot& knot) { return knot.rows >= rows; });
  // Beyond the last knot a step is as dear a row as there.
  if (above == knots_.end()) return knots_.back().curve * ratio(rows, knots_.back().rows);
  if (above == knots_.begin()) return above->curve;
  const auto below = std::prev(above);
  const double share = ratio(rows - below->rows, above->rows - below->rows);
  return below->curve + share * (above->curve - below->curve);
}

double StepCosts::predict(const StepSize& size) const {
  return rows_seconds(size.rows) + seconds_per_pair_ * static_cast<double>(size.pairs);
}

void StepCosts::observe(const StepSize& size, double seconds) {
  CHECK(size.rows >= 1 && seconds >= 0);
  ++num_observations_;
  Knot& knot = knots_[nearest_knot(size.rows)];
  // As if the step had had the knot's number of rows.
  const double curve = rows_seconds(size.rows);
  const double scale = curve > 0 ? rows_seconds(knot.rows) / curve : ratio(knot.rows, size.rows);
  const double knot_seconds = seconds * scale;
  const double knot_pairs = static_cast<double>(size.pairs) * scale;
  if (!knot.is_known) {
    knot.is_known = true;
    knot.seconds = knot_seconds;
    knot.pairs = knot_pairs;
  } else {
    const double more_seconds = knot_seconds - knot.seconds;
    const double more_pairs = knot_pairs - knot.pairs;
    const double weight = 1 / std::max(knot.seconds * knot.seconds, 1e-18);
    covariance_ += kSlopeRate * (weight * more_pairs * more_seconds - covariance_);
    variance_ += kSlopeRate * (weight * more_pairs * more_pairs - variance_);
    if (variance_ > 0) seconds_per_pair_ = std::max(0.0, covariance_ / variance_);
    knot.seconds += kMeanRate * more_seconds;
    knot.pairs += kMeanRate * more_pairs;
  }
  draw_curve();
}

double StepCosts::own_seconds(const Knot& knot) const {
  return std::max(0.0, knot.seconds - seconds_per_pair_ * knot.pairs);
}

// Between two known knots the curve is the line between them. Above the last known one each row is
// as dear as a row was on the way there; if only one is known, as dear as each of its rows, which
// errs on the side of small steps.
void StepCosts::draw_curve() {
  const Knot* first = nullptr;
  const Knot* before = nullptr;  // the last known one so far
  double floor = 0;
  for (auto knot = knots_.begin(); knot != knots_.end(); ++knot) {
    if (knot->is_known) {
      before = &*knot;
      if (first == nullptr) first = before;
    }
    const auto next = std::find_if(knot, knots_.end(), [](const Knot& k) { return k.is_known; });
    const Knot* low = before != nullptr && next == knots_.end() ? first : before;
    const Knot* high = next != knots_.end() ? &*next : before;
    if (low == nullptr || low == high) {
      const double excess = low == nullptr ? 1.0 : ratio(knot->rows, low->rows);
      knot->curve = own_seconds(*high) * excess;
    } else {
      const double share = ratio(knot->rows - low->rows, high->rows - low->rows);
      knot->curve = own_seconds(*low) + share * (own_seconds(*high) - own_seconds(*low));
    }
    knot->curve = floor = std::max(floor, knot->curve);
  }
}

}  // namespace youtu
