#pragma once

#include <string>

#include "sealroom/base/error.hpp"
#include "sqlite.hpp"

namespace sealroom::ledger {

// Makes every table in an empty database, in one transaction.
Result<Done> apply_schema(sqlite::Connection& connection);

// Fails (Integrity) when the database is not a ledger or has a schema that this program does not know.
Result<Done> check_schema(sqlite::Connection& connection, const std::string& path);

}  // namespace sealroom::ledger
