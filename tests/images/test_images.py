#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Firmware images against tools that we did not write, both ways: what srec_cat, objcopy and ld
make must be read as what it is, and what we write must be read by them as what it was. TAP.

usage: test_images.py IMAGE_TOOL SOURCE_ROOT
"""
import os
import random
import subprocess
import sys
import tempfile

OBJCOPY = 'arm-none-eabi-objcopy'
FIRMWARE = ['blinky-f072', 'blinky-f103-old', 'blinky-f103-new', 'blinky-f407-old',
            'blinky-f407-new']
FLASH = 0x08000000
LAYOUTS = 40
SEED = 20260


class Failed(Exception):
    pass


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f'{what}: got {str(got)[:300]}, wanted {str(wanted)[:300]}')


def run(*command, fails=False):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)
    if (done.returncode != 0) != fails:
        raise Failed(f'{" ".join(map(str, command))}: {done.returncode}\n'
                     f'{done.stdout[-1000:]}{done.stderr}')
    return done.stderr if fails else done.stdout


def contents(path):
    with open(path, 'rb') as f:
        return f.read()


def save(path, data):
    with open(path, 'wb') as f:
        f.write(data)
    return path


def merged(pieces):
    """{address: bytes} with what adjoins made one, as a list."""
    out = []
    for address, data in sorted(pieces.items()):
        if out and out[-1][0] + len(out[-1][1]) == address:
            out[-1] = (out[-1][0], out[-1][1] + data)
        else:
            out.append((address, data))
    return out


class Tools:
    def __init__(self, tool, root, folder):
        self.tool, self.folder = tool, folder
        self.firmware = os.path.join(root, 'tests', 'firmware')
        self.random = random.Random(SEED)

    def path(self, name):
        return os.path.join(self.folder, name)

    # ---- ours ----

    def read(self, path, *options):
        """The ranges that we find in a file: [(address, bytes)]."""
        lines = run(self.tool, *options, path).splitlines()[1:]
        return [(int(a, 16), bytes.fromhex(b)) for a, b in map(str.split, lines)]

    def write(self, path, kind, name, *options):
        out = self.path(name)
        run(self.tool, *options, path, kind, out)
        return out

    # ---- theirs ----

    def canonical(self, path, kind):
        """What srec_cat finds in a file, as S3 records of one length."""
        out = self.path('canonical.srec')
        run('srec_cat', path, '-' + kind, '-o', out, '-motorola', '-address-length=4',
            '-output-block-size=16', '-disable=header', '-disable=data-count',
            '-disable=execution-start-address')
        return contents(out)

    def from_pieces(self, pieces, kind, name, *options):
        """A file that srec_cat makes of pieces."""
        command = ['srec_cat']
        for i, (address, data) in enumerate(pieces.items()):
            command += [save(self.path(f'piece{i}'), data), '-binary', '-offset', hex(address)]
        out = self.path(name)
        run(*command, '-o', out, '-' + kind, *options)
        return out

    def linked(self, pieces, name, *options):
        """An ELF program that ld makes of pieces, each for another address than it is loaded to."""
        assembly = script = ''
        for i, (address, data) in enumerate(pieces.items()):
            piece = save(self.path(f'piece{i}'), data)
            assembly += f'.section .s{i},"aw"\n.incbin "{piece}"\n'
            script += f'.s{i} {(0x20000000 + 0x100000 * i) % 2**32:#x} : AT({address:#x}) ' \
                      f'{{ *(.s{i}) }}\n'
        source = save(self.path('linked.s'), assembly.encode())
        script = save(self.path('linked.ld'), f'SECTIONS {{\n{script} }}\n'.encode())
        run('arm-none-eabi-as', '-o', self.path('linked.o'), source)
        run('arm-none-eabi-ld', *options, '--no-warn-rwx-segments', '-T', script, '-o',
            self.path(name), self.path('linked.o'))
        return self.path(name)

    def layout(self):
        """Random pieces: unaligned, with gaps of one byte to many, over 64 KiB borders."""
        r = self.random
        address = r.choice([0, 1, 0xfff0, FLASH, FLASH + 0x3ff7, FLASH + 0xfffd, 0x20000003,
                            2**32 - 0x300000])
        pieces = {}
        for _ in range(r.randint(1, 12)):
            length = r.choice([1, 2, 3, 15, 16, 17, r.randint(1, 3000)])
            pieces[address] = r.randbytes(length)
            address += length + r.choice([0, 1, 2, 16, 255, r.randint(0, 0x20000)])
        order = list(pieces.items())
        r.shuffle(order)
        return dict(order)


class Cases(Tools):
    # ---- committed firmware ----

    def firmware_is_the_same_in_every_format(self):
        for name in FIRMWARE:
            path = os.path.join(self.firmware, name)
            wanted = [(FLASH, contents(path + '.bin'))]
            expect(name + '.elf', self.read(path + '.elf'), wanted)
            expect(name + '.hex', self.read(path + '.hex'), wanted)
            expect(name + '.bin', self.read(path + '.bin', '-b', FLASH), wanted)
            for kind in ('bin', 'ihex', 'srec'):
                ours = self.write(path + '.elf', kind, 'ours')
                options = ('-b', FLASH) if kind == 'bin' else ()
                expect(name + ' again', self.read(ours, *options), wanted)

    def objcopy_formats_are_read(self):
        for name in FIRMWARE:
            path = os.path.join(self.firmware, name)
            wanted = [(FLASH, contents(path + '.bin'))]
            for options in (['ihex'], ['srec'], ['srec', '--srec-forceS3'],
                            ['srec', '--srec-len=250'], ['srec', '--srec-len=1']):
                theirs = self.path('theirs')
                run(OBJCOPY, '-O', *options, path + '.elf', theirs)
                expect(f'{name} {options}', self.read(theirs), wanted)

    def srec_cat_formats_are_read(self):
        data = contents(os.path.join(self.firmware, 'blinky-f407-new.bin'))
        for address, kind, options in (
                (FLASH, 'intel', []), (FLASH, 'intel', ['-output-block-size=255']),
                (FLASH, 'intel', ['-output-block-size=1']), (0x100, 'intel', ['-address-length=2']),
                (0xf0000, 'intel', ['-address-length=3']),
                (FLASH, 'intel', ['-execution-start-address=0x08000001']),
                (FLASH, 'motorola', []), (0x100, 'motorola', ['-address-length=2']),
                (0xf0000, 'motorola', ['-address-length=3']),
                (FLASH, 'motorola', ['-execution-start-address=0x08000001']),
                (FLASH, 'motorola', ['-output-block-size=250']),
                (FLASH, 'motorola', ['-crlf'])):
            theirs = self.from_pieces({address: data}, kind, 'theirs', *options)
            expect(f'{kind} {options}', self.read(theirs), [(address, data)])

    def written_firmware_is_read_by_others(self):
        for name in FIRMWARE:
            path, out = os.path.join(self.firmware, name), self.path('out.bin')
            data = contents(path + '.bin')
            for ours, theirs, kind in (('ihex', 'ihex', 'intel'), ('srec', 'srec', 'motorola')):
                text = self.write(path + '.elf', ours, 'ours')
                run(OBJCOPY, '-I', theirs, '-O', 'binary', text, out)
                expect(f'{name} {ours}, objcopy', contents(out), data)
                run('srec_cat', text, '-' + kind, '-offset', f'-{FLASH:#x}', '-o', out, '-binary')
                expect(f'{name} {ours}, srec_cat', contents(out), data)

    # ---- random layouts ----

    def layouts_of_srec_cat_are_read(self):
        for n in range(LAYOUTS):
            pieces = self.layout()
            for kind in ('intel', 'motorola'):
                theirs = self.from_pieces(pieces, kind, 'theirs')
                expect(f'layout {n}, {kind}', self.read(theirs), merged(pieces))

    def layouts_of_ld_are_read(self):
        for n in range(LAYOUTS):
            pieces = self.layout()
            elf = self.linked(pieces, 'theirs.elf')
            expect(f'layout {n}', self.read(elf), merged(pieces))

    def layouts_of_objcopy_are_read(self):
        for n in range(LAYOUTS):
            pieces = self.layout()
            elf = self.linked(pieces, 'theirs.elf')
            for kind in ('ihex', 'srec'):
                run(OBJCOPY, '-O', kind, elf, self.path('theirs'))
                expect(f'layout {n}, {kind}', self.read(self.path('theirs')), merged(pieces))

    def written_layouts_are_read_by_others(self):
        for n in range(LAYOUTS):
            pieces = self.layout()
            source = self.from_pieces(pieces, 'motorola', 'source')
            wanted = self.canonical(source, 'motorola')
            for ours, kind in (('ihex', 'intel'), ('srec', 'motorola')):
                text = self.write(source, ours, 'ours')
                expect(f'layout {n}, {ours}, srec_cat', self.canonical(text, kind), wanted)
                again = self.path('again')
                run(OBJCOPY, '-I', ours, '-O', 'srec', '--srec-forceS3', text, again)
                expect(f'layout {n}, {ours}, objcopy', self.canonical(again, 'motorola'), wanted)

    def written_binaries_have_their_gaps_filled_like_others(self):
        for n in range(LAYOUTS):
            pieces = self.layout()
            first, out = min(pieces), self.path('theirs.bin')
            source = self.from_pieces(pieces, 'motorola', 'source')
            end = max(a + len(d) for a, d in pieces.items())
            run('srec_cat', source, '-motorola', '-fill', '0xa5', hex(first), hex(end), '-offset',
                f'-{first:#x}', '-o', out, '-binary')
            ours = self.write(source, 'bin', 'ours.bin', '-f', '0xa5')
            expect(f'layout {n}', contents(ours), contents(out))

    def records_may_come_in_any_order(self):
        for n in range(LAYOUTS):
            pieces = self.layout()
            path = self.from_pieces(pieces, 'motorola', 'source', '-disable=header')
            lines = contents(path).splitlines(keepends=True)
            records = [line for line in lines if line[1:2] in b'123']
            self.random.shuffle(records)
            save(path, b''.join(records) + lines[-1])
            expect(f'layout {n}', self.read(path), merged(pieces))

    # ---- ELF ----

    def header_in_a_segment_is_no_firmware(self):
        """ld rounds a segment down to a page: the boot loader below must not be overwritten."""
        pieces = {0x08004000: b'application', 0x08004100: b'more'}
        source = ''.join(f'.section .s{i},"a"\n.ascii "{d.decode()}"\n'
                         for i, d in enumerate(pieces.values()))
        script = ''.join(f'.s{i} {a:#x} : {{ *(.s{i}) }}\n' for i, a in enumerate(pieces))
        save(self.path('h.s'), source.encode())
        save(self.path('h.ld'), f'SECTIONS {{ {script} }}'.encode())
        run('arm-none-eabi-as', '-o', self.path('h.o'), self.path('h.s'))
        run('arm-none-eabi-ld', '-z', 'max-page-size=65536', '-T', self.path('h.ld'), '-o',
            self.path('h.elf'), self.path('h.o'))
        segments = run('arm-none-eabi-readelf', '-lW', self.path('h.elf'))
        expect('segment at the page', '0x000000 0x08000000 0x08000000' in segments, True)
        expect('ranges', self.read(self.path('h.elf')), merged(pieces))

    def program_without_sections_is_read_by_its_segments(self):
        pieces = {FLASH: b'abc', FLASH + 0x100: b'defg'}
        elf = bytearray(contents(self.linked(pieces, 'x.elf', '-z', 'max-page-size=4')))
        elf[32:36], elf[48:50] = bytes(4), bytes(2)  # no table of sections
        save(self.path('x.elf'), elf)
        got = self.read(self.path('x.elf'))
        for address, data in merged(pieces):
            expect(f'{address:#x}', any(a <= address and d[address - a:].startswith(data)
                                        for a, d in got), True)

    def program_that_is_cut_is_refused(self):
        elf = contents(self.linked({FLASH: b'abc', FLASH + 0x100: b'defg'}, 'x.elf'))
        for n in range(0, len(elf), 7):
            text = run(self.tool, '-t', 'elf', save(self.path('cut.elf'), elf[:n]), fails=True)
            expect('words', 'STMFW_EFILE' in text, True)

    def object_file_is_refused(self):
        self.linked({FLASH: b'abc'}, 'x.elf')
        expect('words', 'not linked' in run(self.tool, self.path('linked.o'), fails=True), True)

    def host_program_is_refused(self):
        expect('words', 'STMFW_EUNSUPPORTED' in run(self.tool, self.tool, fails=True), True)


CASES = [value for value in vars(Cases).values() if callable(value)]


def main():
    tool, root = sys.argv[1:]
    bad = 0
    print(f'1..{len(CASES)}')
    for n, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                case(Cases(tool, root, folder))
                print('ok', n, '-', case.__name__, flush=True)
            except (Failed, OSError, subprocess.SubprocessError) as failure:
                bad += 1
                print('not ok', n, '-', case.__name__)
                print('\n'.join('# ' + line for line in str(failure).splitlines()[-20:]),
                      flush=True)
    return 1 if bad else 0


sys.exit(main())
