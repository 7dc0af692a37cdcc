#!/usr/bin/env python3
"""web_page_build_test.py: tests of cmake/web_page.cmake, in a small project of its own: which page a build embeds, and
when it makes it anew."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "ui" / "node_modules"
OLD, NEW, COMMITTED = "Nothing is here", "Nothing was found there", "from ui/dist"

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(page LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
include(cmake/web_page.cmake)
add_library(page STATIC)
target_include_directories(page PRIVATE {root})
tocsin_embed_web_page(page)
"""


def path_without_node(folder):
    """A PATH on which is all that is on ours, but not node."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in pathlib.Path(place).glob("*"):
            link = folder / program.name
            if program.name not in ("node", "nodejs") and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


class WebPageBuild(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="tocsin-web-page-build-test-")
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        self.environment = dict(os.environ)
        shutil.copytree(ROOT / "cmake", self.root / "cmake")
        shutil.copytree(ROOT / "ui", self.root / "ui", ignore=shutil.ignore_patterns("node_modules", "dist", "e2e"))
        (self.root / "ui" / "dist").mkdir()
        (self.root / "ui" / "dist" / "app.js").write_text(COMMITTED)
        (self.root / "CMakeLists.txt").write_text(PROJECT.format(root=ROOT))

    def install(self):
        (self.root / "ui" / "node_modules").symlink_to(PACKAGES)

    def run_program(self, *command):
        done = subprocess.run(command, cwd=self.root, env=self.environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def configure(self, *options):
        return self.run_program("cmake", "-G", "Ninja", "-B", "build", *options)

    def build(self):
        return self.run_program("ninja", "-C", "build")

    def embeds(self, text):
        return text.encode() in (self.root / "build" / "libpage.a").read_bytes()

    def edit(self, name, old, new):
        file = self.root / name
        text = file.read_text(encoding="utf-8")
        self.assertIn(old, text)
        file.write_text(text.replace(old, new), encoding="utf-8")

    def expect_committed(self, said, why):
        self.assertIn("Web page: the committed ui/dist (" + why, said)
        self.build()
        self.assertTrue(self.embeds(COMMITTED))
        self.assertIn("no work to do", self.build())

    @unittest.skipUnless(PACKAGES.exists() and shutil.which("node"), "needs ./dev ui")
    def test_a_change_of_the_sources_is_seen(self):
        self.install()
        self.assertIn("Web page: built from ui/src", self.configure())
        self.build()
        self.assertTrue(self.embeds(OLD))
        self.assertFalse(self.embeds(COMMITTED))
        self.assertIn("no work to do", self.build())
        self.edit("ui/src/app.tsx", OLD, NEW)
        self.build()
        self.assertTrue(self.embeds(NEW))
        self.assertFalse(self.embeds(OLD))
        self.assertIn("no work to do", self.build())
        extra = self.root / "ui" / "static" / "extra.txt"
        extra.write_text("one file more")
        self.build()
        self.assertTrue(self.embeds("one file more"))
        extra.unlink()
        self.build()
        self.assertFalse(self.embeds("one file more"))
        self.assertEqual((self.root / "ui/dist/app.js").read_text(), COMMITTED)  # Only ./dev ui writes there.

    @unittest.skipUnless(PACKAGES.exists() and shutil.which("node"), "needs ./dev ui")
    def test_packages_that_come_or_change_are_noticed(self):
        self.expect_committed(self.configure(), "ui/node_modules is not there")
        self.install()
        self.assertIn("Web page: built from ui/src", self.build())
        self.assertTrue(self.embeds(OLD))
        self.edit("ui/package-lock.json", '"integrity": "sha512-', '"integrity": "sha512-other')
        self.assertIn("is not what package-lock.json wants", self.build())
        self.assertTrue(self.embeds(COMMITTED))

    @unittest.skipUnless(PACKAGES.exists() and shutil.which("node"), "needs ./dev ui")
    def test_the_committed_page_can_be_asked_for(self):
        self.install()
        self.expect_committed(self.configure("-DTOCSIN_BUILD_WEB_PAGE=OFF"), "TOCSIN_BUILD_WEB_PAGE is off)")

    def test_without_node_it_is_the_committed_page(self):
        self.environment["PATH"] = path_without_node(self.root / "bin")
        if PACKAGES.exists():
            self.install()
        self.expect_committed(self.configure(), "node is not here)")
        self.edit("ui/dist/app.js", COMMITTED, "made anew")
        self.build()
        self.assertTrue(self.embeds("made anew"))


if __name__ == "__main__":
    unittest.main()
