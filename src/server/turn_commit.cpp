#include "server/turn_commit.h"

#include <mutex>
#include <utility>

namespace youtu {

struct TurnCommit::Outcome {
  std::mutex mutex;
  std::optional<Result<CommittedTurn>> result;
};

TurnCommit::TurnCommit(std::shared_ptr<OpenTurn> turn, PostWork post)
    : turn_(std::move(turn)), post_(std::move(post)), outcome_(std::make_shared<Outcome>()) {}

void TurnCommit::start(TurnAnswer answer) {
  post_([turn = std::move(turn_), outcome = outcome_, answer = std::move(answer)]() mutable {
    Result<CommittedTurn> result = turn->commit(answer);
    turn.reset();  // the client's next turn may come as soon as it has read this answer
    const std::lock_guard lock(outcome->mutex);
    outcome->result = std::move(result);
  });
}

std::optional<Result<CommittedTurn>> TurnCommit::poll() const {
  const std::lock_guard lock(outcome_->mutex);
  return outcome_->result;
}

}  // namespace youtu
