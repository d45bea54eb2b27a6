#pragma once

#include <string_view>

namespace sealroom {

// The steps as a script names them.
inline constexpr std::string_view kGenerateLogKey = "generate-log-key";
inline constexpr std::string_view kGenerateKey = "generate-key";
inline constexpr std::string_view kSelfSign = "self-sign";
inline constexpr std::string_view kRequest = "request";
inline constexpr std::string_view kIssue = "issue";
inline constexpr std::string_view kInstall = "install";
inline constexpr std::string_view kExport = "export";

}  // namespace sealroom
