# A PKCS#11 module that stands before the real one and misbehaves on request (tests/shim/pkcs11_shim.c).
add_library(sealroom-shim MODULE shim/pkcs11_shim.c shim/plan.c)
target_link_libraries(sealroom-shim PRIVATE PkgConfig::p11-kit Threads::Threads ${CMAKE_DL_LIBS})
set_target_properties(sealroom-shim PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

sealroom_unit_tests(token)
target_compile_definitions(test_token PRIVATE SEALROOM_SHIM="$<TARGET_FILE:sealroom-shim>")
add_dependencies(test_token sealroom-shim)
