# Language level, optimisation and warnings that every target of ours shares.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "g++ 12 or newer is required (found ${CMAKE_CXX_COMPILER_VERSION})")
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# Warnings are errors in our code; third-party headers come in as SYSTEM.
set(YOUTU_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                   -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 in optimised code of nlohmann-json and of its own intrinsics (GCC bug 105593); clang looks too.
  list(APPEND YOUTU_WARNINGS -Wno-maybe-uninitialized)
  if(YOUTU_PRECOMPILE)
    # Out of a precompiled header the library's own code is no longer a system header's, and g++ 12 has false alarms about
    # its std::string (GCC bug 105651).
    list(APPEND YOUTU_WARNINGS -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
else()
  # libstdc++ 12's own std::stable_sort calls what it has deprecated, and clang reports it where the sort is called.
  # And it wants every field of a designated initialiser, where the others have their defaults.
  list(APPEND YOUTU_WARNINGS -Wno-deprecated-declarations -Wno-missing-field-initializers)
endif()
# Parsers of bytes from outside additionally refuse silent narrowing (CVE-2025-49847, CVE-2025-52566).
set(YOUTU_PARSER_WARNINGS -Wconversion -Wsign-conversion -Wno-error=null-dereference)

set(YOUTU_SANITIZE "" CACHE STRING "Value for -fsanitize=, e.g. address,undefined")
if(YOUTU_SANITIZE)
  add_compile_options(-fsanitize=${YOUTU_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${YOUTU_SANITIZE})
endif()
