# A PKCS#11 module that stands before the real one and misbehaves on request (shim/pkcs11_shim.c).
add_library(sealroom-shim MODULE shim/pkcs11_shim.c shim/plan.c)
target_link_libraries(sealroom-shim PRIVATE PkgConfig::p11-kit Threads::Threads ${CMAKE_DL_LIBS})
set_target_properties(sealroom-shim PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

sealroom_unit_tests(token)
target_compile_definitions(test_token PRIVATE SEALROOM_SHIM="$<TARGET_FILE:sealroom-shim>")
add_dependencies(test_token sealroom-shim)

# Puts a key on a token as a restored backup is there, for e2e/keys.sh.
add_executable(import-key shim/import_key.cpp)
target_link_libraries(import-key PRIVATE crypto PkgConfig::p11-kit ${CMAKE_DL_LIBS})
target_include_directories(import-key PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})

# A whole appliance in one process. It is what runs under ThreadSanitizer (preset tsan), too.
sealroom_unit_tests(issuance)
target_compile_definitions(test_issuance PRIVATE SEALROOM_SHIM="$<TARGET_FILE:sealroom-shim>")
add_dependencies(test_issuance sealroom-shim)

# The functions of libp11 0.4.12 that src/token/libp11.hpp says are never called.
add_test(NAME "token: the traps of libp11 are not linked"
         COMMAND sh -c "! nm --undefined-only '$<TARGET_FILE:token>' | grep -E \
'PKCS11_(login|open_session|update_slots|find_token|find_next_token|get_public_key|generate_key|store_private_key)$'")
set_tests_properties("token: the traps of libp11 are not linked" PROPERTIES LABELS unit)
