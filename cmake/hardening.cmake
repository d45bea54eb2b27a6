# Warnings are errors; what leaves the linker is position independent, read-only where it can be, and guarded.
include(CheckPIESupported)
check_pie_supported()

set(SEALROOM_SANITIZE "" CACHE STRING "sanitizers to build with, as -fsanitize= takes them")

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fstack-protector-strong -fno-omit-frame-pointer)
# g++ 12 warns of overlapping copies in std::string that are none (GCC bug 105329); instrumented, it sees uninitialized
# reads in Catch2 and the standard library.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-restrict)
  if(SEALROOM_SANITIZE)
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)

if(SEALROOM_SANITIZE)
  add_compile_options(-fsanitize=${SEALROOM_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SEALROOM_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-clash-protection -fcf-protection)
endif()
