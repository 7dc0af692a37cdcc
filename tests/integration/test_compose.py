"""What deploy/docker/compose.yaml mounts into the image of PostgreSQL, without the image."""
import os
import subprocess

import harness
from postgres import PostgresTestCase, yaml_text
from tocsin import Tocsin

PASSWORD = "it's a \"password\" with $everything \\ in it"


class ComposeTest(PostgresTestCase):
    def test_the_role_that_the_first_start_makes_can_collect(self):
        folder = self.enter(harness.temporary_folder())
        password_file = folder / "password"
        password_file.write_text(PASSWORD, encoding="utf-8")
        made = subprocess.run(
            [harness.ROOT / "deploy/docker/compose/postgres/tocsin.sh"], check=False, capture_output=True, text=True,
            env={**os.environ, "PGHOST": str(self.postgres.folder), "PGPORT": str(self.postgres.port),
                 "POSTGRES_USER": self.postgres.USER, "TOCSIN_PASSWORD_FILE": str(password_file)})
        self.assertEqual(made.returncode, 0, made.stderr)
        tocsin = self.enter(Tocsin(
            "storage: {path: ':memory:'}\ncollectors:\n"
            f"  - {{type: postgres, interval: 1s, postgres: {{host: 127.0.0.1, port: {self.postgres.port}, "
            f"user: tocsin, password_file: {yaml_text(str(password_file))}}}}}\n"))
        page = tocsin.wait_until_up()
        # What only pg_monitor may see of others.
        self.assertEqual(page.value("pg_up"), 1)
