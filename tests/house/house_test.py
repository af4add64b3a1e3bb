"""The checks of the house can fail: each rule finds a small bad tree, and is silent on a good one."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import check_bad_inputs  # noqa: E402
import check_layers  # noqa: E402
import check_definitions  # noqa: E402
import check_twins  # noqa: E402
import tidy  # noqa: E402


class TreeTest(unittest.TestCase):
    """A temporary tree of files to check."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.root = Path(self._folder.name)

    def write(self, name: str, text: str):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class Layers(TreeTest):
    def findings(self):
        return "\n".join(check_layers.check_includes(self.root))

    def test_going_down_is_allowed(self):
        self.write("src/engine/engine.cpp", '#include "base/check.h"\n#include "cache/pool.h"\n#include "youtu/engine.h"\n')
        self.write("apps/youtu/serve.cpp", '#include "commands.h"\n#include "server/server.h"\n')
        self.write("apps/youtu/commands.h", "#include <CLI/CLI.hpp>\n")
        self.write("apps/youtu/eval.cpp", '#include "model/youtu_model.h"\n')
        self.write("include/youtu/engine.h", '#include <string>\n#include "youtu/status.h"\n')
        self.assertEqual(self.findings(), "")

    def test_going_up_is_found(self):
        self.write("src/cache/pool.cpp", '#include "engine/sequence.h"\n')
        self.assertIn("cache may not include engine", self.findings())

    def test_siblings_are_found(self):
        self.write("src/server/chat.cpp", '\n#include "engine/engine.h"\n')
        self.assertIn("src/server/chat.cpp:2: server may not include engine", self.findings())

    def test_program_sees_the_engine_only_in_public(self):
        self.write("apps/youtu/serve.cpp", '#include "engine/engine.h"\n')
        self.assertIn("the program may not include engine", self.findings())

    def test_tests_may_look_everywhere(self):
        self.write("src/cache/pool_test.cpp", '#include "engine/sequence.h"\n')
        self.assertEqual(self.findings(), "")

    def test_public_headers_are_std_only(self):
        self.write("include/youtu/a.h", "#include <fmt/core.h>\n")
        self.write("include/youtu/b.h", '#include "base/check.h"\n')
        self.assertEqual(self.findings().count("a public header includes"), 2)

    def test_backend_implementations_see_only_the_interface(self):
        self.write("src/backend/cpu/a.cpp", '#include "backend/cuda/b.h"\n#include "backend/cpu/c.h"\n')
        self.write("src/model/m.cpp", '#include "backend/cpu/c.h"\n')
        self.assertEqual(self.findings().count("inside an implementation of the backend"), 2)

    def test_a_folder_without_a_row_is_found(self):
        self.write("src/attic/a.cpp", '#include "base/check.h"\n')
        self.assertIn("has no row", self.findings())

    def test_kernel_includes(self):
        self.write("src/backend/cpu/kernels_avx2.cpp", '#include <math.h>\n#include "base/check.h"\n')
        found = self.findings()
        self.assertIn("includes <math.h>", found)
        self.assertIn('includes "base/check.h"', found)

    def test_kernel_symbols(self):
        command = ["c++", "-std=c++20", "-O2", "-c", "kernel.cpp"]
        self.write("kernel.cpp", "namespace { int f() { return 1; } }\n"
                                 "extern const int table[1];\nconst int table[1] = {f()};\n")
        self.assertEqual(check_layers.global_symbols(command, str(self.root)), ["table"])
        self.write("kernel.cpp", "inline int f() { return 1; }\nint g() { return f(); }\n")
        self.assertEqual(len(check_layers.global_symbols(command, str(self.root))), 2)


class Definitions(TreeTest):
    def findings(self):
        return "\n".join(check_definitions.check_definitions(self.root))

    def test_two_types_are_found(self):
        definitions = ("class Door {};", "struct Door {\n  int x;\n};", "struct Door final : Base<int> {};", "enum class Door { kA };",
                       "template <typename T>\nclass Door {};", "class [[nodiscard]] Door\n    : public Base {};",
                       "union alignas(8) Door {};")
        self.write("src/base/a.h", "namespace youtu {\nstruct Door;\nclass Door {};\n}\n")
        for definition in definitions:
            self.write("apps/youtu/b.cpp", f"namespace youtu {{\nint f() {{\n  return 1;\n}}\n{definition}\n}}\n")
            self.assertEqual(self.findings(), "src/base/a.h:3: youtu::Door is defined in apps/youtu/b.cpp:"
                             f"{5 + definition[:definition.index('{')].count(chr(10))} as well", definition)

    def test_namespaces_are_told_apart(self):
        self.write("src/base/a.h", "namespace youtu::http {\nstruct Door {};\n}\n")
        self.write("src/base/b.h", "namespace youtu {\nstruct Door {};\n}\n")
        self.assertEqual(self.findings(), "")
        self.write("src/base/c.h", "namespace youtu {\nnamespace http {\nstruct Door {};\n}\n}\n")
        self.assertIn("youtu::http::Door", self.findings())

    def test_what_defines_no_type_of_that_name(self):
        self.write("src/base/a.h", "struct Door {};\nstruct Inner {};\ntemplate <>\nstruct Hash<int> {};\n")
        self.write("src/base/b.cpp", "struct Door;\nstruct Door f() {\n  struct Inner {};\n}\nclass Outer {\n  struct Inner {};\n};\n"
                                     "template <>\nstruct Hash<long> {};\ntemplate <class Door>\nstruct Wall {};\n"
                                     "const struct Door kDoor = {};\n// struct Door {}\n")
        self.assertEqual(self.findings(), "")

    def test_two_functions_are_found(self):
        definitions = ("int open(const Door& it, int times = 1) {}", "inline int open(const Door& door, int) {}",
                       "template <typename T>\nT open(const  Door &door,\n       int x) {}", "auto open(const Door&, int) -> int {}")
        self.write("src/base/a.h", "namespace youtu {\nint open(const Door& it, int times);\ninline int open(const Door& door, int n) {}\n}\n")
        for definition in definitions:
            self.write("apps/youtu/b.cpp", f"namespace youtu {{\n{definition}\n}}\n")
            self.assertIn("youtu::open(const Door&, int) is defined in apps/youtu/b.cpp:", self.findings(), definition)
        self.write("src/base/a.h", "Door::Door(int n)\n    : n_(n) {}\nbool Door::operator==(const Door& other) const {}\n")
        self.write("apps/youtu/b.cpp", "Door::Door(int m) : m_(m) {}\nbool Door::operator==(const Door& b) const { return f(b); }\n")
        self.assertEqual(len(self.findings().splitlines()), 2)

    def test_what_defines_no_function_of_that_name(self):
        self.write("src/base/a.cpp", "int open(int x) {\n  return shut(x);\n}\nint main() {}\nDoor::Door(int n) : a_{n}, n_(n) {}\n")
        self.write("src/base/b.cpp", "int open(int x);\nint open(const T x) {}\nint open(const U) {}\nstatic int open(int x) {}\n"
                                     "int shut(int x) {\n  if (open(x)) {\n  }\n}\nint main() {}\nclass Wall {\n  int open(int x) {}\n};\n"
                                     "Wall::Wall(int n) : a_{n}, n_(n) {}\nconst int kOpen = open(1);\nWall wall = {open(2)};\n")
        self.assertEqual(self.findings(), "")

    def test_what_is_in_an_unnamed_namespace_is_each_files_own(self):
        text = "struct Door {};\nint open(Door door) {}\n"
        self.write("src/base/a.cpp", f"namespace youtu {{\nnamespace {{\n{text}}}\n}}\n")
        self.write("src/base/b.cpp", f"namespace youtu {{\nnamespace {{\n{text}}}\n{text}}}\n")
        self.assertEqual(self.findings(), "")


class Tidy(TreeTest):
    def errors(self):
        return "\n".join(tidy.check_tree(self.root).errors)

    def test_a_good_tree_is_silent(self):
        self.write("src/base/a.h", "// A.\n#pragma once\n")
        self.write("src/base/a.cpp", '// A.\n#include "base/a.h"\nint f() {\n  return 1;\n}\n')
        self.write("README.md", "See [a](src/base/a.h) and `src/base/a.{h,cpp}` and `src/*/a.h`.\n")
        self.assertEqual(self.errors(), "")

    def test_long_function(self):
        for head in ("int f(int x) {", "A::A(int x) : x_(x), y_{x} {", "auto f() -> int {", "void A::g() const noexcept {"):
            self.write("src/base/a.cpp", f"// A.\nnamespace n {{\n{head}\n" + "  x();\n" * 80 + "}\n}\n")
            self.assertIn("is 82 lines, limit 70", self.errors(), head)

    def test_what_is_no_function_may_be_long(self):
        for head in ("class A {", "enum class E {", "const int kTable[] = {", "struct B : C {"):
            self.write("src/base/a.cpp", f"// A.\n{head}\n" + "  x,\n" * 80 + "};\n")
            self.assertEqual(self.errors(), "", head)

    def test_braces_in_strings_and_comments(self):
        self.write("src/base/a.cpp", "// A.\nint f() {\n  g('{', \"{\", R\"({)\");  // {\n}\n" + "int x;\n" * 80)
        self.assertEqual(self.errors(), "")

    def test_long_file_and_line(self):
        self.write("src/base/a.cpp", "// A.\n" + "\n" * 600)
        self.write("src/base/b.cpp", "// " + "b" * 100 + "\n")
        self.assertIn("601 lines, limit 600", self.errors())
        self.assertIn("103 columns, limit 100", self.errors())

    def test_dead_header(self):
        self.write("src/base/a.h", "// A.\n#pragma once\n")
        self.assertIn("src/base/a.h: never included", self.errors())

    def test_header_without_beginning(self):
        self.write("src/base/a.h", "int x;\n")
        self.assertIn("does not begin with a comment", self.errors())
        self.assertIn("no #pragma once", self.errors())

    def test_page_source_without_beginning(self):
        self.write("web/src/view.tsx", "export const x = 1;\n")
        self.assertIn("does not begin with a comment", self.errors())

    def test_banned_words(self):
        self.write("src/base/string_utils.cpp", "// A.\n")
        self.write("src/base/a.cpp", "// A.\n// " + "TO" + "DO: later\nclass ThingHelper {};\n")
        self.assertEqual(self.errors().count("\n"), 2, self.errors())

    def test_machine_path(self):
        self.write("docs/a.md", "Look in /" + "home/me/x.\n")
        self.assertIn("path of a machine", self.errors())

    def test_documents_name_what_is_there(self):
        self.write("README.md", "See [a](docs/gone.md), `src/base/gone.cpp` and `tools/*.gone`.\n")
        self.write("src/base/a.cpp", "// A (docs/lost.md).\n")
        self.assertEqual(self.errors().count("which is not there"), 4)


    def test_documents_link_to_headings_that_are_there(self):
        self.write("docs/a.md", "# A page\n\n## POST /v1/x_y (two)\n\n```sh\n# no heading\n```\n\n## 设置 `a-b`\n")
        self.write("README.md", "# R\n[a](docs/a.md#post-v1x_y-two) [b](docs/a.md#设置-a-b) [c](#r)\n")
        self.assertEqual(self.errors(), "")
        self.write("README.md", "# R\n[a](docs/a.md#post-v1) [b](docs/a.md#no-heading) [c](#gone) [d](docs/a.md)\n")
        self.assertEqual(self.errors().count("a heading that is not there"), 3, self.errors())


    def test_guides_say_names_that_are_in_the_code(self):
        self.write("src/base/clock.cpp", "// A clock.\nint wall_time();\n")
        self.write("docs/how-to-add/clock.md", "Call `wall_time()` of `clock.cpp`.\n")
        self.assertEqual(self.errors(), "")
        self.write("docs/how-to-add/clock.md", "Call\n`wall_tune()`.\n")
        self.assertIn("docs/how-to-add/clock.md:2: says `wall_tune`", self.errors())


class BadInputs(TreeTest):
    LIST = ("| row | what is sent | what comes back | tested in |\n|---|---|---|---|\n"
            "| H01 | nothing | nothing | `tests/e2e/bad_http.py` |\n| O04 | a jump | nothing | `src/chat/age_test.cpp`, `tests/a_test.py` |\n")

    def setUp(self):
        super().setUp()
        self.write("docs/bad-inputs.md", self.LIST)
        self.write("tests/e2e/bad_http.py", 'CASES = [("H01a", b""), (f"H01{letter}", b"")]\n')
        self.write("tests/a_test.py", 'def test():\n    """O04"""\n')
        self.write("src/chat/age_test.cpp", 'TEST(Age, Jumps) {\n  SCOPED_TRACE("O04");\n}\n')

    def findings(self):
        return "\n".join(check_bad_inputs.check_rows(self.root))

    def test_a_list_that_is_kept(self):
        # Letters without a row, words that begin like an id, and what is no test are nobody's.
        self.write("tests/b_test.py", 'F = ("F16", "H01 nothing", "AH01", "H011", H01)\n')
        self.write("src/chat/age.cpp", 'const char* kName = "H07";\n')
        self.assertEqual(self.findings(), "")

    def test_a_row_without_a_test_is_found(self):
        self.write("tests/e2e/bad_http.py", "CASES = []\n")
        self.assertEqual(self.findings(), "docs/bad-inputs.md: no test carries H01")

    def test_a_test_without_a_row_is_found(self):
        self.write("tests/e2e/bad_http.py", 'CASES = [("H01", b""), ("H07b", b"")]\n')
        self.assertEqual(self.findings(), "tests/e2e/bad_http.py: H07 is not in docs/bad-inputs.md")

    def test_a_file_that_is_missing_or_too_many_is_found(self):
        self.write("src/chat/age_test.cpp", "")
        self.write("tests/b_test.py", 'with self.subTest("H01", x=1):\n')
        self.assertEqual(self.findings(), "docs/bad-inputs.md: H01 is also tested in tests/b_test.py\n"
                                          "docs/bad-inputs.md: O04 is not tested in src/chat/age_test.cpp")

    def test_a_row_that_is_there_twice_is_found(self):
        self.write("docs/bad-inputs.md", self.LIST + "| H01 | again | nothing | `tests/e2e/bad_http.py` |\n")
        self.assertIn("docs/bad-inputs.md:5: H01 is listed twice", self.findings())

    def test_no_list_is_found(self):
        self.write("docs/bad-inputs.md", "# Bad inputs\n")
        self.assertIn("there are no rows", self.findings())


class Twins(TreeTest):
    ENGLISH = ("# Page\n\n[中文](zh-CN/page.md)\n\n## One\n\nSee [other](other.md).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
               "<!-- not run: why -->\n```sh\nrun --it    # a word\n# more words\n```\n\n    {\"a\": 1}\n")
    TWIN = ("# 页面\n\n[English](../page.md)\n\n## 一\n\n见[另一页](../other.md)。\n\n| 甲 | 乙 |\n|---|---|\n| 1 | 2 |\n\n"
            "<!-- not run: 原因 -->\n```sh\nrun --it    # 说明\n# 更多说明\n```\n\n    {\"a\": 1}\n")

    def errors_of(self, twin: str):
        self.write("docs/page.md", self.ENGLISH)
        self.write("docs/testing.md", "# Needs no twin\n")
        self.write("docs/zh-CN/page.md", twin)
        return "\n".join(check_twins.check_tree(self.root))

    def test_twins_are_silent(self):
        self.assertEqual(self.errors_of(self.TWIN), "")

    def test_each_difference_is_found(self):
        for old, new, found in (
                ("## 一", "### 一", "this heading has '###' for '##'"),
                ("## 一", "一", "heading '##' has no twin"),
                ("| 1 | 2 |\n", "", "this table has '2 columns, 0 rows' for '2 columns, 1 rows'"),
                ("| 1 | 2 |\n", "| 1 | 2 |\n| 3 | 4 |\n", "this table has '2 columns, 2 rows'"),
                ("run --it", "run --its", "this block of code has 'run --its' for 'run --it'"),
                ("not run: 原因", "answers an error", "this block of code has '```sh answers an error'"),
                ('"a": 1', '"a": 2', "this block of code has '{\"a\": 2}'"),
                ('    {"a": 1}\n', "", "block of code 'indented (1 lines)' has no twin"),
                ("[English](../page.md)", "English", "has no link to docs/page.md")):
            self.assertEqual(self.TWIN.count(old), 1, old)
            self.assertIn(found, self.errors_of(self.TWIN.replace(old, new)))

    def test_a_twin_links_to_twins(self):
        self.write("docs/other.md", "# Other\n\n[中文](zh-CN/other.md)\n")
        self.write("docs/zh-CN/other.md", "# 另一页\n\n[English](../other.md)\n")
        self.assertIn("links to docs/other.md instead of docs/zh-CN/other.md", self.errors_of(self.TWIN))

    def test_missing_and_orphaned_twins_are_found(self):
        self.write("docs/how-to/lonely.md", "# Lonely\n")
        self.write("docs/zh-CN/orphan.md", "# 孤儿\n")
        found = self.errors_of(self.TWIN)
        self.assertIn("docs/how-to/lonely.md: has no Chinese twin docs/zh-CN/how-to/lonely.md", found)
        self.assertIn("docs/zh-CN/orphan.md: is a twin of nothing", found)

    def test_readmes_may_say_commands_in_other_words_but_not_leave_them_out(self):
        self.write("README.md", "# R\n\n[中文](README.zh-CN.md)\n\n```sh\necho joke\n```\n")
        self.write("README.zh-CN.md", "# R\n\n[English](README.md)\n\n```sh\necho 笑话\n```\n")
        self.assertEqual(self.errors_of(self.TWIN), "")
        self.write("README.zh-CN.md", "# R\n\n[English](README.md)\n")
        self.assertIn("README.md:5: block of code", self.errors_of(self.TWIN))


class Format(TreeTest):
    def run_check(self):
        for name in ("check_format.sh", "tree_files.py"):
            self.write(f"tools/{name}", (ROOT / "tools" / name).read_text())
        self.write(".clang-format", (ROOT / ".clang-format").read_text())
        (self.root / "tools/check_format.sh").chmod(0o755)
        return subprocess.run([self.root / "tools/check_format.sh"], capture_output=True).returncode

    def test_bad_layout_is_found(self):
        self.write("src/base/a.cpp", "int  f( ) {return 1 ;}\n")
        if (code := self.run_check()) == 77:
            self.skipTest("clang-format 14 is not installed")
        self.assertNotEqual(code, 0)
        self.write("src/base/a.cpp", "int f() { return 1; }\n")
        self.assertNotEqual(self.run_check(), 0)  # a function of a .cpp file has its body on lines of its own
        self.write("src/base/a.cpp", "int f() {\n  return 1;\n}\n")
        self.assertEqual(self.run_check(), 0)


if __name__ == "__main__":
    unittest.main()
