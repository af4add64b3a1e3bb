# The headers that cost most are parsed once a target where YOUTU_PRECOMPILE asks for it: in the sanitizer builds and in
# continuous integration, which build everything anew. Other builds do without, so that a file that forgets an include of
# its own is noticed.
function(youtu_precompile target)
  get_target_property(sources ${target} SOURCES)
  list(LENGTH sources num_sources)
  if(YOUTU_PRECOMPILE AND num_sources GREATER 4)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# youtu_library(<folder> SOURCES ... [DEPS <folders>] [LIBRARIES <imported targets>] [PARSER] [PROGRAM_ONLY])
# One static library per floor folder, all of them in libyoutu except those that are PROGRAM_ONLY. DEPS name other
# folders; the include rules themselves are checked by tools/check_layers.py.
function(youtu_library folder)
  cmake_parse_arguments(ARG "PARSER;PROGRAM_ONLY" "" "SOURCES;DEPS;LIBRARIES" ${ARGN})
  add_library(youtu_${folder} STATIC ${ARG_SOURCES})
  target_include_directories(youtu_${folder} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(youtu_${folder} PRIVATE ${YOUTU_WARNINGS})
  if(ARG_PARSER)
    target_compile_options(youtu_${folder} PRIVATE ${YOUTU_PARSER_WARNINGS})
  endif()
  # The kernels have instruction sets of their own, which a common header cannot have.
  if(NOT folder STREQUAL "backend")
    youtu_precompile(youtu_${folder} <algorithm> <functional> <map> <memory> <string> <vector> <nlohmann/json.hpp>)
  endif()
  list(TRANSFORM ARG_DEPS PREPEND youtu_)
  target_link_libraries(youtu_${folder} PUBLIC ${ARG_DEPS} ${ARG_LIBRARIES})
  if(NOT ARG_PROGRAM_ONLY)
    set_property(GLOBAL APPEND PROPERTY YOUTU_LIBRARIES youtu_${folder})
  endif()
endfunction()

# youtu_test(<name> SOURCES ... [DEPS <folders>] [LIBRARIES ...] [THREADS])
# One GoogleTest program per folder; every TEST becomes a ctest case with the label `unit`, or `unit-threads` where the code
# under test has THREADS: those are what the thread sanitizer runs. The target `unit_tests` builds all of these
# programs and the corpus replays, `thread_tests` those with threads.
add_custom_target(unit_tests)
add_custom_target(thread_tests)

function(youtu_test name)
  if(NOT YOUTU_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "THREADS" "" "SOURCES;DEPS;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${YOUTU_WARNINGS})
  target_compile_definitions(${name} PRIVATE YOUTU_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  youtu_precompile(${name} <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)
  list(TRANSFORM ARG_DEPS PREPEND youtu_)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
  set(labels unit)
  if(ARG_THREADS)
    set(labels unit-threads)
    add_dependencies(thread_tests ${name})
  endif()
  gtest_discover_tests(${name} PROPERTIES TIMEOUT 600 LABELS ${labels} DISCOVERY_TIMEOUT 120)
  add_dependencies(unit_tests ${name})
endfunction()

# youtu_fuzzer(<name> SOURCES ... DEPS ...)
# With the fuzz preset: a libFuzzer program. Otherwise: a replay of its corpus (fuzz/corpus/<name>) as a ctest case.
# The target `fuzzers` builds all of the former.
add_custom_target(fuzzers)

function(youtu_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  list(TRANSFORM ARG_DEPS PREPEND youtu_)
  if(YOUTU_BUILD_FUZZERS)
    add_executable(${name} ${ARG_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${name})
  elseif(YOUTU_BUILD_TESTS)
    add_executable(${name} ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/fuzz/replay_corpus.cpp)
    add_test(NAME ${name}.corpus COMMAND ${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
    set_tests_properties(${name}.corpus PROPERTIES LABELS corpus TIMEOUT 600)
    add_dependencies(unit_tests ${name})
  else()
    return()
  endif()
  target_compile_options(${name} PRIVATE ${YOUTU_WARNINGS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
endfunction()
