#include "pending_answer.hpp"

#include <cstdlib>
#include <string>
#include <utility>

namespace sealroom::wire {

PendingAnswer::PendingAnswer(std::shared_ptr<Loop> loop, std::weak_ptr<Connection> connection, Json id)
    : loop_(std::move(loop)), connection_(std::move(connection)), id_(std::move(id)) {}

PendingAnswer::~PendingAnswer() {
  if (!given_.exchange(true)) post(fail(ErrorKind::Failed, "the daemon let this call go without an answer"));
}

void PendingAnswer::give(Result<Json> answer) {
  if (given_.exchange(true)) std::abort();
  post(std::move(answer));
}

void PendingAnswer::post(Result<Json> answer) {
  if (connection_.expired()) return;
  boost::asio::post(*loop_, [connection = connection_, frame = answer_frame(id_, std::move(answer))]() mutable {
    if (const auto open = connection.lock()) open->answer(std::move(frame));
  });
}

}  // namespace sealroom::wire
