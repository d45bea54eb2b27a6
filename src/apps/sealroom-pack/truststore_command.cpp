#include <malloc.h>

#include <cstdio>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "terminal_progress.hpp"
#include "trust_arguments.hpp"

namespace sealroom::pack {
namespace {

options::options_description known_options() {
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  add_trust_options(known);
  add_writing_options(known);
  return known;
}

Result<TruststoreRequest> understand(const options::variables_map& given, Instant now) {
  TruststoreRequest request;
  auto store = new_store(given, now);
  if (!store) return pass_on(store);
  request.store = std::move(*store);
  auto entries = parse_entries(given);
  if (!entries) return pass_on(entries);
  request.entries = std::move(*entries);
  request.kind = trust_kind(given);
  return request;
}

// Which of root and intermediate is right depends on what the peers send, and only the reader knows that.
void print_note(const TruststoreRequest& request, std::size_t roots) {
  if (request.kind == TrustKind::PinnedLeaves) {
    fmt::print(
        "  note: each pinned certificate is trusted by itself, and must be replaced here whenever it is renewed; a\n"
        "        truststore of the root needs that never\n");
  } else if (roots == request.entries.size()) {
    fmt::print(
        "  note: the root alone is right when every peer sends its intermediate with its certificate, as keystores\n"
        "        of sealroom-pack and .chain.pem files do; for peers that send the leaf alone, add the intermediate\n");
  } else if (roots > 0) {
    fmt::print(
        "  note: the intermediate is needed only for peers that send the leaf alone; where every peer sends its\n"
        "        intermediate, the root alone is right, and a new intermediate then needs no new truststore\n");
  } else {
    fmt::print(
        "  note: without the root, Java trusts the intermediate, but programs that use OpenSSL (mosquitto, for one)\n"
        "        do not; the root alone is right when every peer sends its intermediate\n");
  }
}

void announce(const TruststoreRequest& request, const TruststoreVerdict& verdict, bool type_given) {
  fmt::print("{}: written and read back\n", printable(request.store.out));
  fmt::print("  type   {}{}, mode 0644, no private key\n", name_of(request.store.type),
             type_given ? "" : " (the default)");
  fmt::print("{}", verdict.summary);
  if (request.store.password.kind == PasswordSource::Kind::Generate) {
    fmt::print("  store password was made and is in {}\n", printable(request.store.password.detail));
  }
  print_note(request, verdict.roots);
}

struct Order {
  TruststoreRequest request;
  bool type_given = false;
};

// Nothing when help was asked for. Of the options, which can be many, only the request remains.
Result<std::optional<Order>> read_order(const Arguments& arguments, Instant now) {
  const auto known = known_options();
  auto given = parse_arguments(arguments, known);
  if (!given) return pass_on(given);
  if (showed_help(*given,
                  "truststore --entry ALIAS=CERT [--entry ALIAS=CERT]... --out FILE [OPTION]...\n"
                  "       sealroom-pack truststore add STORE --entry ALIAS=CERT... [OPTION]...\n"
                  "       sealroom-pack truststore remove STORE --alias ALIAS... [OPTION]...",
                  known)) {
    return std::nullopt;
  }
  auto request = understand(*given, now);
  if (!request) return pass_on(request);
  return Order{std::move(*request), !(*given)["type"].defaulted()};
}

}  // namespace

Outcome run_truststore(const Arguments& arguments) {
  if (!arguments.empty() && arguments[0] == "add") return run_truststore_add({arguments.begin() + 1, arguments.end()});
  if (!arguments.empty() && arguments[0] == "remove") {
    return run_truststore_remove({arguments.begin() + 1, arguments.end()});
  }
  const Instant now = SystemClock().now();
  auto order = read_order(arguments, now);
  if (!order) return pass_on(order);
  if (!*order) return Findings{};
  malloc_trim(0);  // what thousands of options took, glibc would keep
  auto& [request, type_given] = **order;
  TerminalProgress progress("entries");
  request.progress = std::ref(progress);
  auto verdict = pack_truststore(request, now);
  progress.finish();
  if (!verdict) return pass_on(verdict);
  if (!verdict->findings.empty()) return std::move(verdict->findings);
  announce(request, *verdict, type_given);
  return Findings{};
}

}  // namespace sealroom::pack
