#pragma once

#include <string>

#include "sealroom/base/error.hpp"
#include "sqlite.hpp"

namespace sealroom::ledger {

// Makes every table in an empty database, in one transaction.
Result<Done> apply_schema(sqlite::Connection& connection);

// The schema version of a ledger. Fails (Integrity) when the database is not a ledger, or newer than this program.
Result<std::int64_t> schema_version(sqlite::Connection& connection, const std::string& path);

// Brings a ledger of an earlier version to the present one, in one transaction, after a copy of it lies durable and
// sound at PATH.version-N. Interrupted at any point it is what it was before, or done.
Result<Done> migrate(sqlite::Connection& connection, const std::string& path, std::int64_t version);

}  // namespace sealroom::ledger
