#pragma once

#include <string>
#include <vector>

#include "sealroom/base/error.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom::wire {

// Client is one connection to the daemon, after a hello that both understood. Blocking, one call at a time.
class Client {
 public:
  // Connects to HOME/run/sealroomd.sock; HOME may be longer than sun_path allows. Errors: Failed when no daemon is
  // there (the hint says how to start one), Usage when HOME is no home, NeedsPerson or whatever the daemon answers.
  static Result<Client> connect(const std::string& home);

  // What the daemon answered to hello: version, role, home.
  const Json& hello() const { return hello_; }

  // Calls `method`; `descriptors` are lent, not taken. The daemon's error comes back as it was, kind and hint included.
  Result<Json> call(const std::string& method, const Json& parameters = Json::object(),
                    const std::vector<int>& descriptors = {});

 private:
  Client() = default;
  Fd socket_;
  std::uint64_t next_id_ = 1;
  Json hello_;
};

}  // namespace sealroom::wire
