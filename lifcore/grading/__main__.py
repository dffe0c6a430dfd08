"""The command line: release a set, grade a class, report on it."""

import argparse
import sys

from lifcore.grading import bulk, release
from lifcore.grading.report import ReportError, report
from lifcore.grading.scores import counted
from lifcore.grading.source import SourceError

EXIT_CODES = """\
exit codes:
  0    done
  1    not done, or not all of it: a line on the standard error says why, and what to do
  2    the command is not written as it must be
  130  interrupted; what was done is kept, and the same command goes on from there
"""
WHOLE = """\
From an exercise source to a graded class:

  1. release   makes the students' notebook and, for you alone, a file with the hidden cases
  2. grade     runs what the students handed in, each in a jail, and writes scores.csv and a page for each student
  3. report    sums the class up: points, known mistakes, wrong answers that no known mistake explains

Each command tells more: python -m lifcore.grading grade --help
"""
RELEASE = """\
Make, from each exercise source, the notebook for the students, the solution notebook and the data that check() reads.

reads:   exercises/<name>.md, and _config.yml above it for the address of the course
writes:  exercises/<name>.ipynb            for the students: no answer and no hidden case is in it
         exercises/solutions/<name>.ipynb  with the answers, executed
         lifcore/grading/data/<name>.json  what check() reads: the public cases
         DIR/<name>.json                   with --private: the hidden cases as well; keep it to yourself
Nothing is written if an answer of the set fails, or a mistake cannot be told from the right answer.
"""
GRADE = """\
Grade a folder of submissions. Each runs in a jail of its own: no network, none of your files, bounded time and memory.

reads:   SOURCE       the exercise source, or the file of release --private
         SUBMISSIONS  an entry for each student: anna.ipynb, anna.zip, or a folder anna/ with the notebook or an
                      archive somewhere in it, as nbgrader and learning platforms make them
writes:  OUT/scores.csv      a line for each student, for a spreadsheet
         OUT/<student>.html  the page for the student: points, what went wrong and a hint; nothing of a hidden case
         OUT/<student>.json  the same as data
         OUT/.run.json       the seed; keep it to yourself

Stop it whenever you like, or let the machine crash: the same command goes on where it was. Submissions that were graded
and have not changed are not run again; corrected ones are. Remove OUT to grade everybody anew.

On a cluster, let n runs each grade a share, into the same folder: --shard 1/n to --shard n/n. Whichever ends last
writes scores.csv. In a Slurm array of 8: --shard $SLURM_ARRAY_TASK_ID/8 with --array=1-8. If the shares cannot have a
folder in common, give each its own with one --seed, and put them together: --collect part1 part2 ... In Python,
grade(..., client=) takes a dask.distributed client.
"""
REPORT = """\
Sum up a graded class, also while it is still being graded.

reads:   OUT/<student>.json, as grade writes them
writes:  OUT/report.html  for you: it names students
         OUT/report.csv   a line for each question and each outcome
prints:  the same as text
"""


def main(arguments=None):
    """Run a command; returns the exit status: see `EXIT_CODES`."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (SourceError, bulk.GradeError, ReportError, OSError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{options.command}: interrupted; what was done is kept: the same command goes on", file=sys.stderr)
        return 130


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m lifcore.grading",
        description=WHOLE,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="release | grade | report")
    _release(commands)
    _grade(commands)
    _report(commands)
    return parser


def _command(commands, name, summary, description, run, example, then):
    command = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=f"Example: python -m lifcore.grading {example}\n\nthen:\n  {then}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def _release(commands):
    command = _command(
        commands,
        "release",
        "make the student's and the solution notebook, and the checks, from a source",
        RELEASE,
        _run_release,
        "release exercises/ --private ~/grading",
        "give the students exercises/<name>.ipynb; grade with ~/grading/<name>.json",
    )
    command.add_argument("source", help="an exercise source (exercises/<name>.md), or a folder of them")
    command.add_argument("--private", metavar="DIR", help="also write the grader's file, with the hidden cases, there")
    command.add_argument("--data", metavar="DIR", help="folder for what check() reads (default: inside lifcore)")
    command.add_argument("--repository", metavar="URL", help="the course's address (default: from _config.yml)")
    command.add_argument(
        "--exam",
        action="store_true",
        help="a notebook without checks and hints; all else goes to the folder of --private",
    )
    command.add_argument(
        "--check", action="store_true", help="write nothing; fail if a released file differs from its source"
    )


def _run_release(options):
    files = release.build(
        options.source, options.repository, options.private, options.data, _say, options.exam
    )
    if options.check:
        stale = release.stale(files)
        for path in stale:
            print(f"differs from its source: {path}")
        return 1 if stale else 0
    release.write(files)
    for path in files:
        print(path)
    return 0


def _say(text):
    print(text, file=sys.stderr, flush=True)


def _grade(commands):
    command = _command(
        commands,
        "grade",
        "grade a folder of submissions, each in a jail of its own",
        GRADE,
        _run_grade,
        "grade exercises/neuron.md submitted/ grades/ --jobs 4",
        "python -m lifcore.grading report grades/",
    )
    command.add_argument("source", help="the exercise source (.md), or the file that release --private wrote (.json)")
    command.add_argument("submissions", help="a folder with a folder, an .ipynb or an archive for each student")
    command.add_argument(
        "out", help="where scores.csv and a page and a record for each student go; run again to resume"
    )
    command.add_argument("--jobs", type=_count, metavar="N", help="how many at a time (default: one a processor)")
    command.add_argument(
        "--seed",
        type=int,
        metavar="S",
        help="seed of the cases' parameters (default: the one in OUT/.run.json, else a fresh one)",
    )
    command.add_argument(
        "--shard", type=_share, metavar="I/N", help="grade the I-th of N shares of the class (1/N to N/N)"
    )
    command.add_argument(
        "--collect", nargs="+", default=(), metavar="DIR", help="first take over what is graded in these folders"
    )
    command.add_argument(
        "--no-jail",
        action="store_true",
        help="run the students' code without a jail, with your rights: only for code you would run yourself",
    )


def _count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _share(text):
    try:
        bulk.share(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _run_grade(options):
    results = bulk.grade(
        options.source,
        options.submissions,
        options.out,
        jobs=options.jobs,
        seed=options.seed,
        jailed=not options.no_jail,
        shard=options.shard,
        collect=options.collect,
    )
    share = f" of share {options.shard}" if options.shard else ""
    print(f"{counted(len(results), 'submission')}{share} graded in {options.out}")
    return 0


def _report(commands):
    command = _command(
        commands,
        "report",
        "sum up a graded class: points and mistakes by question",
        REPORT,
        _run_report,
        "report grades/",
        "open grades/report.html; a mistake that many make can be added to the set as a mutant with its message",
    )
    command.add_argument("out", help="the folder that grade wrote")


def _run_report(options):
    print(report(options.out))
    print(f"\nAlso in {options.out}/report.html and {options.out}/report.csv")
    return 0


if __name__ == "__main__":
    sys.exit(main())
