#include <limits>

#include "ledger_fixture.hpp"
#include "support/aborts.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

void set_state(Ledger& ledger, std::int64_t id, CertificateState state) {
  auto change = begin(ledger);
  REQUIRE(change.set_state(id, state, 0));
  commit(std::move(change));
}

void issue(Ledger& ledger, std::int64_t id) {
  set_state(ledger, id, CertificateState::Started);
  auto change = begin(ledger);
  REQUIRE(change.set_issued(id, Bytes{1, 2, 3}, 5));
  commit(std::move(change));
}

CertificateRow row_of(const Ledger& ledger, std::uint8_t serial) {
  const auto row = ledger.by_serial("intermediate", Bytes{0x10, serial});
  REQUIRE(row);
  REQUIRE(row->has_value());
  return **row;
}

}  // namespace

TEST_CASE("a planned certificate reads back whole") {
  const LedgerHome home;
  auto ledger = home.open();
  const auto ids = plan_batch(ledger);
  const auto expected = certificate_row(1, 1);
  const auto row = row_of(ledger, 1);
  CHECK(row.id == ids[1]);
  CHECK(row.batch == kBatch);
  CHECK(row.issuer == "intermediate");
  CHECK(row.profile == "server_cert");
  CHECK(row.request == 1);
  CHECK(row.position == 1);
  CHECK(row.name == "1");
  CHECK(row.request_digest == expected.request_digest);
  CHECK(row.key_digest == expected.key_digest);
  CHECK(row.serial == expected.serial);
  CHECK(row.subject == expected.subject);
  CHECK(row.not_before == expected.not_before);
  CHECK(row.not_after == expected.not_after);
  CHECK(row.to_be_signed == expected.to_be_signed);
  CHECK(row.state == CertificateState::Planned);
  CHECK(row.reason.empty());
  CHECK(row.certificate.empty());
}

TEST_CASE("certificates are found by request, subject, serial and state, and not by others") {
  const LedgerHome home;
  auto ledger = home.open();
  const auto ids = plan_batch(ledger);
  const auto first = certificate_row(0, 0);
  CHECK(ledger.by_request(first.request_digest)->size() == 1);
  CHECK(ledger.by_request(sha256({}))->empty());
  CHECK(ledger.by_subject("intermediate", first.subject)->size() == 2);
  CHECK(ledger.by_subject("root", first.subject)->empty());
  CHECK(ledger.by_subject("intermediate", Bytes{1})->empty());
  CHECK((*ledger.by_serial("", first.serial))->id == ids[0]);
  CHECK_FALSE(ledger.by_serial("root", first.serial)->has_value());
  CHECK_FALSE(ledger.by_serial("", Bytes{0x10})->has_value());
  CHECK(*ledger.planned() == std::vector<std::pair<std::string, std::uint64_t>>{{kBatch, 2}});
  CHECK(ledger.started()->empty());
  CHECK((*ledger.certificate_of_request(kBatch, 1))->id == ids[1]);
  CHECK_FALSE(ledger.certificate_of_request(kBatch, 2)->has_value());
  CHECK(ledger.certificates(kBatch, "intermediate")->size() == 2);
  CHECK(ledger.certificates(kBatch, "root")->empty());
}

TEST_CASE("of the certificates of a key, one is found for each subject, and few others are read") {
  const LedgerHome home;
  auto ledger = home.open();
  const auto key = sha256(as_bytes("one key"));
  constexpr std::uint8_t kCount = 40;
  std::vector<std::int64_t> ids;
  {
    auto change = begin(ledger);
    REQUIRE(change.add_batch(batch_row()));
    REQUIRE(change.add_plan(plan_row()));
    for (std::uint8_t i = 0; i < kCount; ++i) {
      auto row = certificate_row(i, i);
      row.key_digest = key;
      row.subject = {0x30, i == 7 ? std::uint8_t{1} : std::uint8_t{0}};
      ids.push_back(*change.add_certificate(row));
    }
    commit(std::move(change));
  }
  constexpr auto kAll = std::numeric_limits<std::int64_t>::max();
  int asked = 0;
  const auto found = [&](std::int64_t before, auto counts) {
    asked = 0;
    std::vector<std::int64_t> result;
    const auto rows = ledger.by_key(key, before, [&](const CertificateRow& row) { return ++asked, counts(row); });
    REQUIRE(rows);
    for (const auto& row : *rows) result.push_back(row.id);
    return result;
  };
  const auto any = [](const CertificateRow&) { return true; };
  CHECK(found(kAll, any) == std::vector{ids[kCount - 1], ids[7]});
  CHECK(asked == 2);
  CHECK(found(ids[20], any) == std::vector{ids[19], ids[7]});
  CHECK(found(ids[7], any) == std::vector{ids[6]});
  CHECK(found(ids[0], any) == std::vector{ids[1], ids[7]});
  CHECK(asked == 2);
  CHECK(found(ids[20], [&](const CertificateRow& row) { return row.id > ids[30]; }) == std::vector{ids[31]});
  CHECK(found(kAll, [](const CertificateRow&) { return false; }).empty());
  CHECK(ledger.by_key(sha256({}), kAll, any)->empty());
}

TEST_CASE("a serial is given once by an issuer, and another issuer may give it too") {
  const LedgerHome home;
  auto ledger = home.open();
  plan_batch(ledger);
  auto row = certificate_row(0, 1);
  row.batch = "B-20261121-0002";
  auto plan = plan_row();
  plan.batch = row.batch;
  SECTION("the same issuer is refused") {
    auto change = begin(ledger);
    REQUIRE(change.add_batch(batch_row(row.batch)));
    check_error(change.add_certificate(row), ErrorKind::Integrity, "issuer intermediate: serial 1001 was given before");
    check_error(std::move(change).commit(), ErrorKind::Integrity, "not recorded");
    CHECK_FALSE(ledger.batch(row.batch)->has_value());
  }
  SECTION("another issuer is not") {
    row.issuer = plan.issuer = "root";
    auto change = begin(ledger);
    REQUIRE(change.add_batch(batch_row(row.batch)));
    REQUIRE(change.add_certificate(row));
    REQUIRE(change.add_plan(plan));
    commit(std::move(change));
    CHECK((*ledger.by_serial("root", row.serial))->batch == row.batch);
    CHECK((*ledger.by_serial("intermediate", row.serial))->batch == kBatch);
  }
}

TEST_CASE("a serial has 1 to 20 octets") {
  const LedgerHome home;
  auto ledger = home.open();
  auto row = certificate_row(0, 0);
  for (const std::size_t size : {0U, 21U}) {
    row.serial = Bytes(size, 1);
    auto change = begin(ledger);
    CHECK_FALSE(change.add_certificate(row));
  }
  row.serial = Bytes(20, 1);
  auto change = begin(ledger);
  CHECK(change.add_certificate(row));
}

TEST_CASE("a certificate is issued only after its signing was recorded as started") {
  const LedgerHome home;
  auto ledger = home.open();
  const auto ids = plan_batch(ledger);
  {
    auto change = begin(ledger);
    check_error(change.set_issued(ids[0], Bytes{1}, 5), ErrorKind::Integrity, "not recorded as started");
  }
  CHECK(row_of(ledger, 0).state == CertificateState::Planned);
  set_state(ledger, ids[0], CertificateState::Started);
  CHECK(ledger.started()->size() == 1);
  {
    auto change = begin(ledger);
    REQUIRE(change.set_issued(ids[0], Bytes{1, 2}, 5));
    commit(std::move(change));
  }
  CHECK(row_of(ledger, 0).state == CertificateState::Issued);
  CHECK(row_of(ledger, 0).certificate == Bytes{1, 2});
  CHECK(row_of(ledger, 0).entry == 5);
  auto change = begin(ledger);
  check_error(change.set_issued(ids[0], Bytes{3}, 6), ErrorKind::Integrity, "started");
}

TEST_CASE("final states stay, the others may change") {
  const LedgerHome home;
  auto ledger = home.open();
  const auto ids = plan_batch(ledger);
  for (const auto open :
       {CertificateState::Approved, CertificateState::Started, CertificateState::Planned, CertificateState::Started}) {
    set_state(ledger, ids[0], open);
    CHECK(row_of(ledger, 0).state == open);
  }
  const auto last = GENERATE(CertificateState::Refused, CertificateState::Rejected, CertificateState::Expired,
                             CertificateState::Abandoned);
  {
    auto change = begin(ledger);
    REQUIRE(change.set_state(ids[0], last, 77, "why"));
    commit(std::move(change));
  }
  CHECK(row_of(ledger, 0).state == last);
  CHECK(row_of(ledger, 0).reason == "why");
  CHECK(row_of(ledger, 0).entry == 77);
  auto change = begin(ledger);
  check_error(change.set_state(ids[0], CertificateState::Planned, 0), ErrorKind::Integrity, "final state");
}

TEST_CASE("an issued certificate never changes its state, and an unknown one has none") {
  const LedgerHome home;
  auto ledger = home.open();
  const auto ids = plan_batch(ledger);
  issue(ledger, ids[0]);
  {
    auto change = begin(ledger);
    check_error(change.set_state(ids[0], CertificateState::Abandoned, 0), ErrorKind::Integrity, "final state");
  }
  {
    auto change = begin(ledger);
    check_error(change.set_state(999, CertificateState::Started, 0), ErrorKind::Integrity, "certificate 999");
  }
  CHECK(aborts([&] {
    auto change = begin(ledger);
    static_cast<void>(change.set_state(ids[1], CertificateState::Issued, 0).has_value());
  }));
}

TEST_CASE("a batch has one plan for each issuer, for ever") {
  const LedgerHome home;
  auto ledger = home.open();
  plan_batch(ledger);
  auto change = begin(ledger);
  check_error(change.add_plan(plan_row("intermediate", R"({"second":1})")), ErrorKind::Integrity, "");
}

TEST_CASE("issued certificates are listed in order, page by page") {
  const LedgerHome home;
  auto ledger = home.open();
  std::vector<std::int64_t> ids;
  {
    auto change = begin(ledger);
    REQUIRE(change.add_batch(batch_row()));
    for (std::uint8_t i = 0; i < 10; ++i) {
      auto row = certificate_row(i, i);
      if (i % 2 == 1) row.issuer = "root";
      ids.push_back(*change.add_certificate(row));
    }
    REQUIRE(change.add_plan(plan_row("root")));
    REQUIRE(change.add_plan(plan_row("intermediate")));
    commit(std::move(change));
  }
  CHECK(ledger.issued("", 0, 100)->empty());
  for (std::size_t i = 0; i < 8; ++i) issue(ledger, ids[i]);
  CHECK(ledger.issued("", 0, 100)->size() == 8);
  CHECK(ledger.issued("root", 0, 100)->size() == 4);
  const auto page = *ledger.issued("intermediate", ids[0], 2);
  REQUIRE(page.size() == 2);
  CHECK(page[0].id == ids[2]);
  CHECK(page[1].id == ids[4]);
  CHECK(ledger.issued("", ids[7], 100)->empty());
}
