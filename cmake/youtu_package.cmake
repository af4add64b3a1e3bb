# `cpack -G DEB`, or `make deb`: the program, its service and the demo model as one Debian package. What it depends on is
# read from the program itself.
set(CPACK_PACKAGE_NAME youtu-serve)
set(CPACK_PACKAGE_VENDOR youtu-serve)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Inference engine and HTTP server for Youtu-LLM")
set(CPACK_PACKAGE_DESCRIPTION
  "Serves Tencent's Youtu-LLM-2B on ordinary CPUs: the APIs of OpenAI and Anthropic, a web page, sessions, and\n"
  "tools that measure what each setting costs. With a tiny model to try it with.")
string(REPLACE ";" "" CPACK_PACKAGE_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_PACKAGE_CONTACT "youtu-serve developers <youtu-serve@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL program)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_LIST_DIR}/../deploy/deb/conffiles")
include(CPack)
