"""docs/evaluation.md from what evaluate.sh made: the cards of the models, and what whoever knew the truth would have told."""

import glob
import json
import sys
from datetime import date, datetime, timezone


def auc(told):
    """That one who said yes is told more than one who said no; ties count half."""
    below = total = 0.0
    ranked = sorted(told)
    at = 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        yes = sum(said for _, said in ranked[at:end])
        no = end - at - yes
        total += yes * (below + no / 2)
        below += no
        at = end
    yes = len(told) - below
    return total / (yes * below)


def known(folder):
    """The chance of a yes on each person's day, and what was said."""
    truth = {}
    with open(f"{folder}/truth") as lines:
        for line in lines:
            hidden = json.loads(line)
            truth[hidden["user"], hidden["day"]] = hidden["chance"]
    told = []
    with open(f"{folder}/answers") as lines:
        for line in lines:
            event = json.loads(line)
            day = datetime.fromtimestamp(event["ts"] / 1000, timezone.utc).date()
            chance = truth.get((event["user"], day.isoformat()))
            if chance is not None:
                told.append((chance, event["burnout"] >= 3))
    return told


def percent(share):
    return "-" if share is None else f"{100 * share:.0f} %"


people, days, commit, *folders = sys.argv[1:]
print("# Evaluation of burnout risk\n")
print(
    f"Made by `deploy/evaluate.sh {people} {days}` on {date.today().isoformat()}, commit {commit}: {people} simulated people, {days} days, "
    "through the whole product (events, processors, tables, `focusflow train`). Real people are not simulated ones: this says that what can be "
    "found is found, and what the product does where there is little to find. It says nothing about how well it would do in your company; "
    "for that, run `focusflow train` on your own people's answers.\n"
)
print(
    "Everybody has a hidden strain that shapes their hours, evenings, days off, focus and messages, and their answers to the question about burnout, "
    "so noisily that whoever knew the strain would tell answers apart with an AUC of 0.65 or 0.80. The hard cases are among them: night shifts, "
    "part-time, weeks away, 6 % who work late by choice, 4 % who are worn out and do less (`focusflow/src/simulate/truth.rs`). "
    "Moods in check-ins tell most of the strain here: these people are made that way, and where nobody checks in there is less to find.\n"
)
for folder in folders:
    card = json.load(open(glob.glob(f"{folder}/models/*.json")[0]))
    told = known(folder)
    held, data = card["held_out"], card["data"]
    print(f"## Best possible AUC {float(folder.rsplit('/', 1)[1]):.2f}\n")
    print(
        f"{data['answers']} answers of {data['people']} people; {held['people']} people ({held['answers']} answers, {percent(held['yes'] / held['answers'])} yes) "
        f"were held out and judge. Whoever knew the strain told the {len(told)} answers of these days apart with an AUC of {auc(told):.3f}. "
        f"Read, trained and judged in {int(open(f'{folder}/took').read()) / 1000:.1f} s.\n"
    )
    verdict = card["verdict"]
    print(f"**{'Beats the baseline' if verdict['beats_the_baseline'] else 'Not to be used'}**" + "".join(f"; {reason}" for reason in verdict["reasons"]) + "\n")
    print("| on people held out | learned | baseline-1 | everybody the same |\n|---|---|---|---|")
    three = [held["learned"], held["baseline"], held["base_rate"]]
    row = lambda what, figure: print(f"| {what} | " + " | ".join(figure(scores) for scores in three) + " |")
    row("AUC (19 of 20 lie within)", lambda s: f"{s['auc']:.3f} ({s['auc_low']:.3f} to {s['auc_high']:.3f})")
    row("Brier score", lambda s: f"{s['brier']:.4f}")
    row("calibration error", lambda s: f"{s['calibration_error']:.3f}")
    for at, threshold in enumerate(held["learned"]["thresholds"]):
        row(
            f"told {percent(threshold['from'])} and more: answers, right, found",
            lambda s: f"{s['thresholds'][at]['flagged']}, {percent(s['thresholds'][at]['precision'])}, {percent(s['thresholds'][at]['recall'])}",
        )
    print("\n| told | said yes | answers |\n|---|---|---|")
    for reliability in held["learned"]["reliability"]:
        print(f"| {percent(reliability['told'])} | {percent(reliability['came_true'])} | {reliability['answers']} |")
    print()
print("## Priority of messages\n\nWhat habits add to the rule on days they had not seen: [evaluation/priority.md](evaluation/priority.md), which a test holds against what it finds.")
