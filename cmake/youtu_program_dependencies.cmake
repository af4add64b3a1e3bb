# Libraries that only the program needs: downloads, and the line that one types into. Who links libyoutu needs none.
find_package(CURL 7.81 REQUIRED)
pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit)
