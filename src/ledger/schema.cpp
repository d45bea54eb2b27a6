#include "schema.hpp"

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom::ledger {
namespace {

// PRAGMA application_id of a ledger: "SEAL" in ASCII. With it file(1) and we know our files from others.
constexpr std::int64_t kApplicationId = 0x5345414c;

constexpr std::int64_t kSchemaVersion = 1;

// Octets are BLOBs, moments are seconds since 1970 in UTC. Nothing is ever deleted but an issuer's former chain,
// so a planned serial counts for ever.
//
// entry and node are the log; everything else can be told from the log's entries and the exported documents. A batch
// can be counted, and a plan's document written, only when all its requests are there: hence the deferred references.
//
// Every index serves a question that is asked for each request or certificate; none may take time that grows with
// the number of certificates. (serial, issuer) in this order also answers for a serial alone.
constexpr const char* kSchema = R"sql(
BEGIN IMMEDIATE;

CREATE TABLE entry (
  seq   INTEGER PRIMARY KEY,
  batch TEXT,
  line  BLOB NOT NULL
) STRICT;
CREATE INDEX entry_of_batch ON entry (batch, seq) WHERE batch IS NOT NULL;

CREATE TABLE node (
  level INTEGER NOT NULL,
  idx   INTEGER NOT NULL,
  hash  BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK (length(root) = 32),
  note TEXT NOT NULL
) STRICT;

CREATE TABLE token_key (
  owner        TEXT PRIMARY KEY,
  uri          TEXT NOT NULL,
  token_label  TEXT NOT NULL,
  token_serial TEXT NOT NULL,
  key_id       BLOB NOT NULL,
  public_key   BLOB NOT NULL,
  evidence     TEXT NOT NULL,
  created      INTEGER NOT NULL
) STRICT;

CREATE TABLE issuer (
  name    TEXT PRIMARY KEY,
  state   TEXT NOT NULL CHECK (state IN ('configured', 'key', 'requested', 'active', 'retired')),
  request BLOB NOT NULL
) STRICT;

CREATE TABLE issuer_certificate (
  issuer   TEXT NOT NULL REFERENCES issuer (name),
  position INTEGER NOT NULL,
  der      BLOB NOT NULL,
  PRIMARY KEY (issuer, position)
) STRICT;

CREATE TABLE batch (
  id       TEXT PRIMARY KEY,
  day      TEXT NOT NULL,
  number   INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  ignored  TEXT NOT NULL,
  UNIQUE (day, number)
) STRICT;

CREATE TABLE request (
  batch    TEXT NOT NULL REFERENCES batch (id) DEFERRABLE INITIALLY DEFERRED,
  position INTEGER NOT NULL,
  path     BLOB NOT NULL,
  name     TEXT NOT NULL,
  issuer   TEXT NOT NULL,
  profile  TEXT NOT NULL,
  octets   BLOB NOT NULL,
  digest   BLOB NOT NULL CHECK (length(digest) = 32),
  verdict  TEXT NOT NULL,
  PRIMARY KEY (batch, position)
) STRICT;

CREATE TABLE plan (
  batch       TEXT NOT NULL REFERENCES batch (id) DEFERRABLE INITIALLY DEFERRED,
  issuer      TEXT NOT NULL,
  document    TEXT NOT NULL,
  digest      BLOB NOT NULL CHECK (length(digest) = 32),
  created     INTEGER NOT NULL,
  valid_until INTEGER NOT NULL,
  PRIMARY KEY (batch, issuer)
) STRICT;

CREATE TABLE certificate (
  id             INTEGER PRIMARY KEY,
  batch          TEXT NOT NULL,
  issuer         TEXT NOT NULL,
  profile        TEXT NOT NULL,
  request        INTEGER NOT NULL,
  position       INTEGER NOT NULL,
  name           TEXT NOT NULL,
  request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
  key_digest     BLOB NOT NULL CHECK (length(key_digest) = 32),
  serial         BLOB NOT NULL CHECK (length(serial) BETWEEN 1 AND 20),
  subject        BLOB NOT NULL,
  not_before     INTEGER NOT NULL,
  not_after      INTEGER NOT NULL,
  to_be_signed   BLOB NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('planned', 'approved', 'started', 'issued', 'refused', 'rejected',
                                                'expired', 'abandoned')),
  reason         TEXT NOT NULL,
  certificate    BLOB NOT NULL,
  entry          INTEGER NOT NULL,
  UNIQUE (serial, issuer),
  UNIQUE (batch, issuer, position),
  FOREIGN KEY (batch, issuer) REFERENCES plan (batch, issuer) DEFERRABLE INITIALLY DEFERRED,
  CHECK ((state = 'issued') = (length(certificate) > 0))
) STRICT;
CREATE INDEX certificate_of_request ON certificate (batch, request, id);
CREATE INDEX certificate_by_request_digest ON certificate (request_digest, id);
CREATE INDEX certificate_by_key ON certificate (key_digest, id);
CREATE INDEX certificate_by_subject ON certificate (issuer, subject, id);
CREATE INDEX certificate_by_state ON certificate (state, id);
CREATE INDEX certificate_issued ON certificate (issuer, id) WHERE state = 'issued';

CREATE TABLE export (
  id      INTEGER PRIMARY KEY,
  batch   TEXT NOT NULL REFERENCES batch (id),
  size    INTEGER NOT NULL,
  content BLOB NOT NULL CHECK (length(content) = 32)
) STRICT;
)sql";

}  // namespace

Result<Done> apply_schema(sqlite::Connection& connection) {
  const auto script = fmt::format("{}PRAGMA application_id = {};\nPRAGMA user_version = {};\nCOMMIT;\n", kSchema,
                                  kApplicationId, kSchemaVersion);
  return connection.execute(script.c_str());
}

Result<Done> check_schema(sqlite::Connection& connection, const std::string& path) {
  const auto application = connection.number("PRAGMA application_id");
  if (!application || *application != kApplicationId) {
    return fail(ErrorKind::Integrity, fmt::format("{}: is not a ledger of sealroom", printable(path)),
                "it was damaged, or its making was interrupted; restore its backup, or make a new home");
  }
  auto version = connection.number("PRAGMA user_version");
  if (!version) return pass_on(version);
  if (*version > kSchemaVersion) {
    return fail(ErrorKind::Integrity,
                fmt::format("{}: has schema version {}, newer than the {} that this program knows", printable(path),
                            *version, kSchemaVersion),
                "use the newer sealroom that wrote it");
  }
  if (*version != kSchemaVersion) {
    return fail(ErrorKind::Integrity, fmt::format("{}: has the unknown schema version {}", printable(path), *version));
  }
  return Done{};
}

}  // namespace sealroom::ledger
