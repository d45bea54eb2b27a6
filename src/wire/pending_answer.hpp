#pragma once

#include <atomic>
#include <memory>

#include "connection.hpp"

namespace sealroom::wire {

// PendingAnswer is the promise to answer one call: from any thread, exactly once. A second answer aborts, and one that
// is let go without an answer tells the client so, lest it wait for ever.
class PendingAnswer {
 public:
  PendingAnswer(std::shared_ptr<Loop> loop, std::weak_ptr<Connection> connection, Json id);
  PendingAnswer(const PendingAnswer&) = delete;
  PendingAnswer& operator=(const PendingAnswer&) = delete;
  ~PendingAnswer();

  void give(Result<Json> answer);

 private:
  void post(Result<Json> answer);

  std::shared_ptr<Loop> loop_;
  std::weak_ptr<Connection> connection_;  // locked on the loop's thread only, where it may also end
  Json id_;
  std::atomic<bool> given_ = false;
};

}  // namespace sealroom::wire
