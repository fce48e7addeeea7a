"""A host of the soak's own: its store on a small disk, its clock that can be set, its memory."""

import json
import os
import pathlib
import signal
import subprocess
import threading
import time

FOOTPRINT = os.environ.get('FOOTPRINT', 'footprint')
SITE = 'Security Operations'
DISK_MIB = 1024


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


class Disk:
    """A file system in memory, which `fill` leaves without room."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        run('mount', '-t', 'tmpfs', '-o', f'size={DISK_MIB}m', 'soak', str(folder))

    def used_mib(self):
        stat = os.statvfs(self.folder)
        return (stat.f_blocks - stat.f_bfree) * stat.f_frsize // 2**20

    def fill(self):
        with open(self.folder / 'ballast', 'wb', buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(2**16))
            except OSError:
                pass

    def empty(self):
        (self.folder / 'ballast').unlink(missing_ok=True)

    def remove(self):
        run('umount', '--lazy', str(self.folder))


class Clock:
    """The clock of the processes that are started with `environment`: libfaketime reads how far off it is from a file."""

    def __init__(self, file):
        self.file = file
        self.set('+0')
        library = next(pathlib.Path('/usr/lib').glob('*/faketime/libfaketimeMT.so.1'), None)
        if not library:
            raise SystemExit("The soak needs libfaketime: install Debian's package faketime.")
        # Only the time of day jumps; what measures durations goes on evenly, as it does in the kernel.
        self.environment = {'LD_PRELOAD': str(library), 'FAKETIME_TIMESTAMP_FILE': str(file), 'DONT_FAKE_MONOTONIC': '1',
                            'FAKETIME_DONT_FAKE_MONOTONIC': '1', 'FAKETIME_CACHE_DURATION': '1', 'FAKETIME_DISABLE_SHM': '1'}

    def set(self, offset):
        new = self.file.with_suffix('.new')
        new.write_text(offset + '\n')
        new.chmod(0o644)
        new.replace(self.file)


class Postgres:
    """A server whose clock is `clock`, and a database in a tablespace on `disk`; its log of writes is elsewhere."""

    def __init__(self, folder, disk, clock):
        programs = sorted(pathlib.Path('/usr/lib/postgresql').glob('*/bin/initdb'))
        if not programs:
            raise SystemExit("The soak needs PostgreSQL: install Debian's package postgresql.")
        self.programs, self.folder = programs[-1].parent, folder
        space = disk.folder / 'space'
        for made in (folder, space):
            made.mkdir()
            run('chown', 'postgres', str(made))
        self.as_postgres('initdb', '-D', f'{folder}/data', '-A', 'trust', '-U', 'postgres')
        options = f'-k {folder} -c listen_addresses= -c max_connections=60'
        self.as_postgres('pg_ctl', '-D', f'{folder}/data', '-l', f'{folder}/log', '-w', '-o', options, 'start',
                         environment=clock.environment)
        for sql in (f"CREATE TABLESPACE small LOCATION '{space}'", 'CREATE DATABASE soak TABLESPACE small'):
            run(str(self.programs / 'psql'), '-h', str(folder), '-U', 'postgres', '-qc', sql)
        self.address = f'postgres://postgres@localhost/soak?host={folder}'

    def as_postgres(self, program, *arguments, environment=None):
        variables = [f'{name}={value}' for name, value in (environment or {}).items()]
        subprocess.run(['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', 'env', *variables,
                        str(self.programs / program), *arguments], check=True, cwd='/', stdout=subprocess.DEVNULL)

    def stop(self):
        self.as_postgres('pg_ctl', '-D', f'{self.folder}/data', '-m', 'fast', 'stop')


class Host:
    """An instance on `store` (sqlite or postgres) in `folder`, and the process that serves it."""

    def __init__(self, store, folder):
        # PostgreSQL's user reaches its folder too.
        folder.mkdir(mode=0o755)
        self.folder, self.disk, self.clock = folder, Disk(folder / 'disk'), Clock(folder / 'clock')
        self.postgres = Postgres(folder / 'postgres', self.disk, self.clock) if store == 'postgres' else None
        self.instance = (folder if self.postgres else self.disk.folder) / 'instance'
        self.environment = {'PATH': os.environ['PATH'], 'FOOTPRINT_INSTANCE': str(self.instance),
                            'FOOTPRINT_SECRET_WEBHOOK': 'secret-of-the-webhook'}
        if self.postgres:
            self.environment['FOOTPRINT_STORE'] = self.postgres.address
        made = self.terminal('init', '--yes', '--listen', '127.0.0.1:0', '--output', 'json')
        self.key = json.loads(made)['key']
        self.simulator = subprocess.Popen([FOOTPRINT, 'simulate', '--json'], stdout=subprocess.PIPE, text=True)
        self.vendor = json.loads(self.simulator.stdout.readline())
        self.process, self.samples, self.url = None, [], ''

    def terminal(self, *arguments, **more):
        done = subprocess.run([FOOTPRINT, *arguments], env=self.environment, capture_output=True, text=True, **more)
        if done.returncode:
            raise SystemExit(f'footprint {" ".join(arguments)}: {done.stdout}{done.stderr}')
        return done.stdout

    def user(self, name, role):
        """A key of a new user."""
        self.terminal('user', 'add', name, '--role', role, '--site', SITE)
        return self.terminal('key', 'add', name, '--owner', name).strip()

    def connect(self, name, port, minutes):
        """A connection to the simulator by way of `port`; its id."""
        user = self.vendor['users'][0]
        added = self.terminal('connection', 'add', name, '--param', f'Server URL=http://127.0.0.1:{port}',
                              '--param', f'User Name={user["user_name"]}', '--secret-stdin', 'Password',
                              '--health-check-minutes', str(minutes), '--health-check-alert-after', '2',
                              '--health-check-email', 'soc@example.com', '--health-check-webhook', 'operations',
                              '--output', 'json', input=user['password'])
        return json.loads(added)['id']

    def send_alerts_to(self, mail, hook):
        """Writes the ports of the mail server and of the webhook into the settings."""
        with open(self.instance / 'host.toml', 'a') as settings:
            settings.write(f'[schedules]\ngather-seconds = 1\nfollow-up-minutes = 0\n'
                           f'[alerts.mail]\nhost = "127.0.0.1"\nport = {mail}\nsecurity = "plain"\n'
                           f'from = "Footprint <host@example.com>"\n[alerts.webhooks.operations]\n'
                           f'address = "http://127.0.0.1:{hook}/hook"\nsecret = "env:FOOTPRINT_SECRET_WEBHOOK"\n')

    def serve(self):
        self.log = self.folder / 'log'
        self.process = subprocess.Popen([FOOTPRINT, 'serve', '--json'], env=self.environment | self.clock.environment,
                                        stdout=subprocess.PIPE, stderr=open(self.log, 'w'), text=True)
        self.url = json.loads(self.process.stdout.readline())['url']
        threading.Thread(target=self.sample, daemon=True).start()

    def memory_mib(self):
        for line in open(f'/proc/{self.process.pid}/status'):
            if line.startswith('VmRSS'):
                return int(line.split()[1]) / 1024
        return 0

    def sample(self):
        """Takes the process's memory every ten seconds."""
        begun = time.monotonic()
        while self.process.poll() is None:
            now = time.monotonic() - begun
            self.samples.append((now, self.memory_mib()))
            with open(self.folder / 'memory.csv', 'a') as csv:
                csv.write(f'{now:.0f},{self.samples[-1][1]:.1f},{self.disk.used_mib()}\n')
            time.sleep(10)

    def stop(self):
        """Ends it in order; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def end(self):
        for process in (self.process, self.simulator):
            if process and process.poll() is None:
                process.kill()
        if self.postgres:
            self.postgres.stop()
        self.disk.remove()
