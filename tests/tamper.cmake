# Changes exports and expects that it is noticed; e2e/verify.sh runs it over real ones.
add_executable(tamper-export tamper/tamper_export.cpp)
target_link_libraries(tamper-export PRIVATE audit)
