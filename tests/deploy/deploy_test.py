"""What the project is delivered as. No Docker is needed: the root file system that an image would have is made by the same
script and run in a chroot. Usage: deploy_test.py <youtu> <repository> <build folder>"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

PROGRAM = Path(sys.argv.pop(1)).resolve()
REPOSITORY = Path(sys.argv.pop(1)).resolve()
BUILD = Path(sys.argv.pop(1)).resolve()
DEPLOY = REPOSITORY / "deploy"
sys.path.insert(0, str(REPOSITORY / "tests/e2e"))

from running_server import RunningServer  # noqa: E402


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=200, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def install(prefix):
    run("cmake", "--install", BUILD, "--prefix", prefix, "--component", "program", env={**os.environ, "DESTDIR": str(prefix)})
    return Path(str(prefix) + str(prefix))  # DESTDIR before the prefix, so that /etc stays in it, too


def metric_names(text):
    """Names of series, as queries have them."""
    names = set(re.findall(r'__name__=\\?"([^"\\]+)\\?"', text)) | set(re.findall(r"\b(process_[a-z_]+)\{", text))
    return {re.sub("_bucket$", "", name) for name in names}


class Image(unittest.TestCase):
    def test_its_root_has_all_that_the_program_needs(self):
        with tempfile.TemporaryDirectory() as folder:
            prefix = install(Path(folder) / "installed")
            root = Path(folder) / "root"
            run(DEPLOY / "docker/collect_root.sh", prefix, root) if os.getuid() == 0 else \
                run("unshare", "-r", DEPLOY / "docker/collect_root.sh", prefix, root)
            inside = ["chroot", root] if os.getuid() == 0 else ["unshare", "-r", "-R", root]
            self.assertIn("youtu ", run(*inside, "/usr/bin/youtu", "--version"))
            self.assertTrue(run(*inside, "/usr/bin/youtu", "generate", "--prompt", "你好", "--model", "/usr/share/youtu/models/demo",
                                env={**os.environ, "HOME": "/data"}).strip())
            self.assertFalse((root / "bin/sh").exists())

    def test_files_name_what_exists(self):
        dockerfile = (DEPLOY / "docker/Dockerfile").read_text()
        self.assertIn("deploy/docker/collect_root.sh", dockerfile)
        self.assertIn("USER 65532:65532", dockerfile)
        compose = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())
        service = compose["services"]["youtu-serve"]
        dockerfile_path = (DEPLOY / "docker" / service["build"]["context"] / service["build"]["dockerfile"]).resolve()
        self.assertEqual(dockerfile_path, DEPLOY / "docker/Dockerfile")
        self.assertTrue(all(port.startswith("127.0.0.1:") for port in service["ports"]))
        settings = run(PROGRAM, "serve", "--print-config")
        variables = {"YOUTU_" + key.upper() for key in re.findall(r"^#? ?([a-z_]+):", settings, re.MULTILINE)}
        self.assertLessEqual(set(service["environment"]), variables)


class Service(unittest.TestCase):
    def test_systemd_accepts_it_and_finds_it_closed(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = Path(folder) / "youtu-serve.service"
            text = (DEPLOY / "systemd/youtu-serve.service").read_text()
            text = text.replace("/usr/bin/youtu", str(PROGRAM)).replace("Documentation=man:youtu(1)\n", "")
            unit.write_text(text)
            self.assertEqual(run("systemd-analyze", "verify", unit).strip(), "")
            rated = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
            exposure = float(re.search(r"exposure level for \S+: ([0-9.]+)", rated).group(1))
            self.assertLessEqual(exposure, 2.0, rated)

    def test_its_settings_are_settings(self):
        config = DEPLOY / "systemd/config.yaml"
        self.assertIn("127.0.0.1", run(PROGRAM, "serve", "--config", config, "--print-config"))


class Package(unittest.TestCase):
    def test_it_installs_what_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            run("cpack", "-G", "DEB", "-B", folder, "--config", BUILD / "CPackConfig.cmake", cwd=BUILD)
            packages = list(Path(folder).glob("*.deb"))
            self.assertEqual(len(packages), 1, packages)
            info = run("dpkg-deb", "--field", packages[0])
            self.assertRegex(info, r"Depends: .*libc6")
            self.assertIn("/etc/youtu-serve/config.yaml", run("dpkg-deb", "--info", packages[0], "conffiles"))
            run("dpkg-deb", "--extract", packages[0], Path(folder) / "root")
            root = Path(folder) / "root"
            for path in ("usr/lib/systemd/system/youtu-serve.service", "etc/youtu-serve/config.yaml",
                         "usr/share/youtu/models/demo/config.json", "usr/share/doc/youtu-serve/copyright"):
                self.assertTrue((root / path).is_file(), path)
            self.assertTrue(run(root / "usr/bin/youtu", "generate", "--prompt", "Hello", cwd=folder).strip())


class Monitoring(unittest.TestCase):
    def test_dashboard_and_alerts_ask_for_metrics_that_exist(self):
        with RunningServer([PROGRAM, "serve", "--port", "0"], ready=r"serving +http://127\.0\.0\.1:(\d+)",
                           signal_to_stop=signal.SIGTERM) as server:
            server.post("/chat", {"prompt": "你好"})
            metrics = server.get("/metrics")[1]
        known = set(re.findall(r"^# TYPE (\S+)", metrics, re.MULTILINE))
        dashboard = (DEPLOY / "grafana/youtu-serve.json").read_text()
        alerts = (DEPLOY / "prometheus/alerts.yml").read_text()
        for text in (dashboard, alerts):
            names = metric_names(text)
            self.assertGreater(len(names), 4)
            self.assertLessEqual(names, known)
        panels = [panel for panel in json.loads(dashboard)["panels"] if panel["type"] != "row"]
        self.assertTrue(all(panel["targets"] for panel in panels))
        for rule in yaml.safe_load(alerts)["groups"][0]["rules"]:
            self.assertTrue(rule["expr"] and rule["annotations"]["summary"], rule)


if __name__ == "__main__":
    unittest.main()
