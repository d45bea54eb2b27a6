# sealroom_module(NAME LINK ...): library NAME of src/NAME/*.cpp, with its headers in include/sealroom/NAME/.
function(sealroom_module name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${name} PUBLIC ${arg_LINK})
endfunction()

# sealroom_program(NAME LINK ...): program NAME of src/apps/NAME/*.cpp.
function(sealroom_program name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/apps/${name}/*.cpp)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  target_compile_definitions(${name} PRIVATE SEALROOM_VERSION="${PROJECT_VERSION}")
endfunction()
