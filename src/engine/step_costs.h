// How long a step takes, learned from the steps themselves.
//
// A step costs what its rows cost (one row for each token: read the weights once, multiply by each)
// and what attention costs (each row looks at its context). The first is a curve: flat while
// reading the weights takes longer than multiplying, then a line. It is kept at knots of 1, 2, 3,
// 4, 6, 8, 12, ... rows. The second is a number times the pairs of row and context token; it is the
// slope of the steps around each knot's own mean (an analysis of covariance with forgetting). Each
// step that was run moves both a little, so the account follows the machine: a neighbour that takes
// a core is a step that takes longer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace youtu {

// What of a step decides how long it takes.
struct StepSize {
  int64_t rows = 0;   // tokens that are computed
  int64_t pairs = 0;  // sum over the rows of the context tokens that each looks at
};

// Engine thread only. Plain numbers, copied to tell others.
class StepCosts {
 public:
  // REQUIRES: max_rows >= 1.
  explicit StepCosts(int64_t max_rows);

  // A step of this size took so long. REQUIRES: size.rows >= 1, seconds >= 0.
  void observe(const StepSize& size, double seconds);
  bool has_observations() const { return num_observations_ > 0; }

  // Expected seconds; 0 before the first observation. Never falls with more rows or pairs.
  double predict(const StepSize& size) const;

 private:
  struct Knot {
    int64_t rows = 0;
    bool is_known = false;  // a step near it has been observed
    double seconds = 0;     // mean of the steps near it
    double pairs = 0;       // likewise
    double curve = 0;       // the seconds without attention: never below the knots before
  };
  size_t nearest_knot(int64_t rows) const;
  double rows_seconds(int64_t rows) const;
  void draw_curve();
  double own_seconds(const Knot& knot) const;

  std::vector<Knot> knots_;
  double covariance_ = 0;  // of pairs and seconds around a knot's means, relative to its seconds
  double variance_ = 0;    // of pairs, likewise
  double seconds_per_pair_ = 0;
  int64_t num_observations_ = 0;
};

}  // namespace youtu
