# The token's own rate, for scripts/bench; no test runs it.
add_executable(raw-sign bench/raw_sign.cpp)
target_link_libraries(raw-sign PRIVATE PkgConfig::p11-kit ${CMAKE_DL_LIBS})
