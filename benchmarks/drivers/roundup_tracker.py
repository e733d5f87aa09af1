"""Feeds Roundup with batches of mail, in its own environment: FOLDER with one subfolder for each batch.

Prints "BATCH SECONDS" of processor time for each. Every mail is committed by itself, letters go into one file.
"""

import argparse
import io
import logging
import pathlib
import re
import subprocess
import sys
import time

import roundup.instance
from roundup import mailgw

FOLDER = pathlib.Path(sys.argv[1])
HOME = FOLDER / "tracker"
SETTINGS = {
    "web": "http://desk.example/",
    "email": "support@desk.example",
    "domain": "desk.example",
    "debug": str(FOLDER / "sent"),
    "messages_to_author": "new",
    # Each new requester gets a password; how long it is hashed is not what we measure.
    "password_pbkdf2_default_rounds": "1000",
}

admin = [str(pathlib.Path(sys.executable).parent / "roundup-admin"), "-i", str(HOME)]
subprocess.run([*admin, "install", "classic", "sqlite"], check=True, stdout=subprocess.DEVNULL)
config = (HOME / "config.ini").read_text(encoding="utf-8")
for key, value in SETTINGS.items():
    config = re.sub(rf"(?m)^#?{key} = ?(NO DEFAULT|no|issue_tracker|\d+|)$", f"{key} = {value}", config)
# Only the debug file of [mail] takes letters; the other keys of that name are switches.
head, mail = config.split("\n[mail]\n")
head = head.replace(f"debug = {SETTINGS['debug']}", "debug = no")
mail = re.sub(r"(?m)^#?host = NO DEFAULT$", "host = localhost", mail)
(HOME / "config.ini").write_text(f"{head}\n[mail]\n{mail}", encoding="utf-8")
with (HOME / "schema.py").open("a", encoding="utf-8") as schema:
    # Whoever writes becomes a user, as with a helpdesk.
    schema.write("\ndb.security.addPermissionToRole('Anonymous', 'Email Access')\n")
subprocess.run([*admin, "initialise", "benchmark"], check=True, stdout=subprocess.DEVNULL)

logging.disable(logging.CRITICAL)
tracker = roundup.instance.open(str(HOME))
none = argparse.Namespace(default_class="", set_value=[], args=[], oauth_directory=None, oauth_token_endpoint="")

for batch in sorted(FOLDER.glob("batch-*")):
    begin = time.process_time()
    gateway = tracker.MailGW(tracker, none) if hasattr(tracker, "MailGW") else mailgw.MailGW(tracker, none)
    for mail_file in sorted(batch.iterdir()):
        gateway.main(io.BytesIO(mail_file.read_bytes()))
        mail_file.unlink()
    print(batch.name, time.process_time() - begin)

database = tracker.open("admin")
print(f"{len(database.issue.list())} issues, {len(database.msg.list())} messages", file=sys.stderr)
database.close()
