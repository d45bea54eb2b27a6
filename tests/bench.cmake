# Programs that the benches (bench/*.sh) and the tests of large imports call: the token's own rate, requests in any number.
add_executable(raw-sign bench/raw_sign.cpp)
target_link_libraries(raw-sign PRIVATE PkgConfig::p11-kit ${CMAKE_DL_LIBS})

# For tests/bench/keystore.sh: what it measures with, and what it packs.
add_executable(measure bench/measure.cpp)
add_executable(make-authorities bench/make_authorities.cpp)
target_link_libraries(make-authorities PRIVATE x509)
target_include_directories(make-authorities PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})

add_executable(make-requests bench/make_requests.cpp)
target_link_libraries(make-requests PRIVATE crypto Threads::Threads)
target_include_directories(make-requests PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})

add_executable(modulus-cost bench/modulus_cost.cpp)
target_link_libraries(modulus-cost PRIVATE plan)
target_include_directories(modulus-cost PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
