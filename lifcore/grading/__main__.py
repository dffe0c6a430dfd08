"""The command line: release a set, grade a class, report on it."""

import argparse
import sys

from lifcore.grading import bulk, release
from lifcore.grading.report import ReportError, report
from lifcore.grading.source import SourceError


def main(arguments=None):
    """Run a command; returns the exit status: 0 when all is well, 1 when not."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (SourceError, bulk.GradeError, ReportError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m lifcore.grading",
        description="Exercises of the course: make notebooks from their sources, grade a class, see its mistakes.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _release(commands)
    _grade(commands)
    _report(commands)
    return parser


def _command(commands, name, summary, run, example):
    command = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"Example: python -m lifcore.grading {example}",
    )
    command.set_defaults(run=run)
    return command


def _release(commands):
    command = _command(
        commands,
        "release",
        "make the student's and the solution notebook, and the checks, from a source",
        _run_release,
        "release exercises/ --private ~/grading",
    )
    command.add_argument("source", help="an exercise source (exercises/<name>.md), or a folder of them")
    command.add_argument(
        "--private", metavar="DIR", help="also write the grader's file, with the hidden cases, there"
    )
    command.add_argument(
        "--data", metavar="DIR", help="folder for what check() reads (default: inside lifcore)"
    )
    command.add_argument(
        "--repository", metavar="URL", help="the course's address (default: from _config.yml)"
    )
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
        _run_grade,
        "grade exercises/neuron.md submitted/ grades/ --jobs 4",
    )
    command.add_argument(
        "source", help="the exercise source (.md), or the file that release --private wrote (.json)"
    )
    command.add_argument("submissions", help="a folder with a folder, or an .ipynb, for each student")
    command.add_argument(
        "out", help="where scores.csv and a page and a record for each student go; run again to resume"
    )
    command.add_argument(
        "--jobs", type=_count, metavar="N", help="how many at a time (default: one a processor)"
    )
    command.add_argument(
        "--seed",
        type=int,
        metavar="S",
        help="seed of the cases' parameters (default: fresh; kept in OUT/.run.json)",
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


def _run_grade(options):
    results = bulk.grade(
        options.source,
        options.submissions,
        options.out,
        jobs=options.jobs,
        seed=options.seed,
        jailed=not options.no_jail,
    )
    print(f"{len(results)} submissions: {options.out}/scores.csv")
    return 0


def _report(commands):
    command = _command(
        commands,
        "report",
        "sum up a graded class: points and mistakes by question",
        lambda options: print(report(options.out)) or 0,
        "report grades/",
    )
    command.add_argument("out", help="the folder that grade wrote")


if __name__ == "__main__":
    sys.exit(main())
