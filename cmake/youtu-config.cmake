# find_package(youtu): the static library youtu::youtu and the third-party libraries that it was built with.
include(${CMAKE_CURRENT_LIST_DIR}/youtu_dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/youtu-targets.cmake)
