#include "ledger_fixture.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

std::vector<std::uint64_t> sequence_of(const Ledger& ledger, std::uint64_t from, std::uint64_t to,
                                       std::string_view batch = {}) {
  std::vector<std::uint64_t> seen;
  REQUIRE(ledger.each_line(from, to, batch, [&](std::uint64_t seq, std::string_view line) -> Result<Done> {
    CHECK(line == *ledger.line(seq));
    seen.push_back(seq);
    return Done{};
  }));
  return seen;
}

CheckpointRow checkpoint_of(const Ledger& ledger, std::uint64_t size) {
  return {.size = size, .root = *ledger.root(size), .note = "note of " + std::to_string(size)};
}

}  // namespace

TEST_CASE("lines are visited in order, within the range and until the visitor stops") {
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 600);  // more than are read at once
  const auto all = sequence_of(ledger, 0, 600);
  REQUIRE(all.size() == 600);
  CHECK(all.front() == 0);
  CHECK(all.back() == 599);
  CHECK(std::is_sorted(all.begin(), all.end()));
  CHECK(sequence_of(ledger, 10, 13) == std::vector<std::uint64_t>{10, 11, 12});
  CHECK(sequence_of(ledger, 598, 10'000) == std::vector<std::uint64_t>{598, 599});
  CHECK(sequence_of(ledger, 5, 5).empty());
  CHECK(sequence_of(ledger, 7, 5).empty());
  std::uint64_t visits = 0;
  const auto stopped = ledger.each_line(0, 600, {}, [&](std::uint64_t seq, std::string_view) -> Result<Done> {
    ++visits;
    if (seq == 300) return fail(ErrorKind::Failed, "enough");
    return Done{};
  });
  check_error(stopped, ErrorKind::Failed, "enough");
  CHECK(visits == 301);
}

TEST_CASE("lines of one batch are visited alone") {
  const LedgerHome home;
  auto ledger = home.open();
  {
    auto change = begin(ledger);
    for (std::uint64_t i = 0; i < 900; ++i) {
      const std::string_view batch = i % 3 == 0 ? "" : i % 3 == 1 ? "B-20261121-0001" : "B-20261121-0002";
      REQUIRE(change.append(event(i), batch));
    }
    commit(std::move(change));
  }
  const auto first = sequence_of(ledger, 0, 900, "B-20261121-0001");
  CHECK(first.size() == 300);
  CHECK(first.back() == 898);
  CHECK(sequence_of(ledger, 4, 8, "B-20261121-0001") == std::vector<std::uint64_t>{4, 7});
  CHECK(sequence_of(ledger, 0, 900, "B-20261121-0003").empty());
  CHECK(sequence_of(ledger, 0, 900).size() == 900);
}

TEST_CASE("a visitor may use the ledger, and a change may be made meanwhile") {
  const LedgerHome home;
  auto writer = home.open();
  const auto reader = home.open(LedgerAccess::ReadOnly);
  append(writer, 300);
  std::uint64_t visits = 0;
  REQUIRE(reader.each_line(0, 300, {}, [&](std::uint64_t seq, std::string_view) -> Result<Done> {
    if (seq % 100 == 0) append(writer, 1);
    ++visits;
    return Done{};
  }));
  CHECK(visits == 300);
  CHECK(*reader.log_size() == 303);
}

TEST_CASE("proofs over 20,000 entries verify") {
  const LedgerHome home;
  auto ledger = home.open();
  constexpr std::uint64_t kSize = 20'000;
  for (std::uint64_t i = 0; i < kSize / 100; ++i) append(ledger, 100);
  log::TreeBuilder builder;
  REQUIRE(ledger.each_line(0, kSize, {}, [&](std::uint64_t, std::string_view line) -> Result<Done> {
    builder.add(as_bytes(line));
    return Done{};
  }));
  const auto root = *ledger.root(kSize);
  CHECK(builder.root() == root);
  for (std::uint64_t i = 0; i < kSize; i += 317) {
    CAPTURE(i);
    const auto leaf = log::leaf_hash(as_bytes(*ledger.line(i)));
    const auto inclusion = log::inclusion_proof(i, kSize, ledger.nodes());
    REQUIRE(inclusion);
    CHECK(inclusion->size() <= 15);
    CHECK(log::verify_inclusion(leaf, i, kSize, *inclusion, root));
    CHECK_FALSE(log::verify_inclusion(leaf, i ^ 1, kSize, *inclusion, root));
    const auto consistency = log::consistency_proof(i + 1, kSize, ledger.nodes());
    REQUIRE(consistency);
    CHECK(log::verify_consistency(i + 1, *ledger.root(i + 1), kSize, root, *consistency));
    CHECK_FALSE(log::verify_consistency(i + 1, root, kSize, root, *consistency));
  }
  CHECK(*ledger.verify() == kSize);
}

TEST_CASE("there is no root beyond the log") {
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 3);
  CHECK(ledger.root(3));
  check_error(ledger.root(4), ErrorKind::Failed, "has 3 entries");
}

TEST_CASE("a checkpoint of another log is refused") {
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 3);
  auto row = checkpoint_of(ledger, 3);
  SECTION("of this log") {
    auto change = begin(ledger);
    REQUIRE(change.add_checkpoint(row));
    commit(std::move(change));
    CHECK((*ledger.newest_checkpoint())->note == "note of 3");
  }
  SECTION("another root") {
    row.root[0] ^= 1;
    auto change = begin(ledger);
    check_error(change.add_checkpoint(row), ErrorKind::Integrity, "checkpoint of size 3");
  }
  SECTION("larger than the log") {
    row.size = 4;
    auto change = begin(ledger);
    check_error(change.add_checkpoint(row), ErrorKind::Integrity, "checkpoint of size 4");
  }
}

TEST_CASE("a checkpoint may cover entries of its own change") {
  const LedgerHome home;
  auto ledger = home.open();
  auto change = begin(ledger);
  REQUIRE(change.append(event(0)));
  REQUIRE(change.add_checkpoint(checkpoint_of(ledger, 1)));
  commit(std::move(change));
  CHECK((*ledger.newest_checkpoint())->size == 1);
}

TEST_CASE("the newest checkpoint and that of the newest export are found") {
  const LedgerHome home;
  auto ledger = home.open();
  CHECK_FALSE(ledger.newest_exported_checkpoint()->has_value());
  append(ledger, 10);
  {
    auto change = begin(ledger);
    REQUIRE(change.add_batch(batch_row()));
    for (const std::uint64_t size : {10U, 4U, 7U}) REQUIRE(change.add_checkpoint(checkpoint_of(ledger, size)));
    commit(std::move(change));
  }
  CHECK((*ledger.newest_checkpoint())->size == 10);
  CHECK((*ledger.newest_checkpoint())->root == *ledger.root(10));
  CHECK_FALSE(ledger.newest_exported_checkpoint()->has_value());
  {
    auto change = begin(ledger);
    REQUIRE(change.add_export({.batch = kBatch, .size = 4, .content = {}}));
    REQUIRE(change.add_export({.batch = kBatch, .size = 7, .content = {}}));
    REQUIRE(change.add_export({.batch = kBatch, .size = 9, .content = {}}));  // its checkpoint never came
    commit(std::move(change));
  }
  CHECK((*ledger.newest_exported_checkpoint())->size == 7);
  CHECK((*ledger.newest_exported_checkpoint())->note == "note of 7");
  CHECK(ledger.checkpoints(0, 1)->size() == 1);
  CHECK(ledger.checkpoints(7, 100)->front().size == 7);
  CHECK(ledger.checkpoints(8, 100)->front().size == 10);
  CHECK(ledger.checkpoints(11, 100)->empty());
}
