"""The ten questions of a first plan, in a council's words: what is asked, what is usual, and where to find it."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("yes-no", "count", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question, with what helps to answer it.

    Parameters
    ----------
    key : str
        Name of its answer.
    asks : str
        The question in one sentence.
    usual : str
        What has been seen elsewhere, with its source.
    find : str
        Where a council finds its own number.
    example : str
        The answer that an empty line stands for; the file says that it is an example.
    """

    key: str
    asks: str
    usual: str
    find: str
    example: str


_FIRST = (
    Question(
        key="model",
        asks="Which practice model is rolled out?",
        usual="A name that your councils use, such as No Wrong Door or Family Safeguarding.",
        find="The grant agreement or the business case.",
        example="the practice model",
    ),
    Question(
        key="outcome",
        asks="What should change? Finish the sentence: we hope to change ...",
        usual="One outcome leads. Choose what would persuade your lead member, measured alike in every council.",
        find="The theory of change. Statutory returns (SSDA903, children in need census) measure alike everywhere.",
        example="becoming looked after within 18 months of referral",
    ),
    Question(
        key="kind",
        asks="How is it recorded: yes-no (for each child), count (how many in a council) or score (for each child)?",
        usual="Trials of practice models in England used yes-no: did this child become looked after?",
        find="One row of your own data: a child with a yes or no, a council with a number, a child with a score.",
        example="yes-no",
    ),
)
_NOW = {
    "yes-no": Question(
        key="now",
        asks="Of 100 children, how many is it today, without the model (in percent)?",
        usual="7% in the protocol of No Wrong Door; 3.2% to 8.3% in nine councils of two trials; re-referral within "
        "12 months 20.5% in England.",
        find="Your own records of two years ago, followed for as long as the outcome says.",
        example="7%",
    ),
    "count": Question(
        key="now",
        asks="How many in one period, per 10,000 children aged 0 to 17, today?",
        usual="A year in England: 28.8 start to be looked after, 191.5 section 47 enquiries, 559.9 referrals "
        "(means of councils). For half a year, half of that.",
        find="The Local Authority Interactive Tool (LAIT), or Explore Education Statistics; ONS mid-year population.",
        example="28.8",
    ),
    "score": Question(
        key="now",
        asks="By how many points do children differ from one another (standard deviation of the score)?",
        usual="1 if you think in standard deviations.",
        find="The manual of the scale, or your last survey.",
        example="1",
    ),
}
_HOPED = {
    "yes-no": Question(
        key="hoped",
        asks="How many percent would it have to become for the model to be worth its cost?",
        usual="No Wrong Door planned for 5.15% in place of 7%; a trial of family group conferences found 36.2% and "
        "44.8%.",
        find="The business case: how many children fewer pay for the model?",
        example="5.5%",
    ),
    "count": Question(
        key="hoped",
        asks="How many per 10,000 would it have to become for the model to be worth its cost?",
        usual="A council's starts change by 21% from year to year by themselves; a fall of 10% is hard to see.",
        find="The business case: how many children fewer pay for the model?",
        example="24.5",
    ),
    "score": Question(
        key="hoped",
        asks="By how many points must the score change for the model to be worth its cost (a fall is negative)?",
        usual="0.2 standard deviations is a small change, 0.5 a large one.",
        find="The manual of the scale: which change do families notice?",
        example="0.2",
    ),
}
_MIDDLE = (
    Question(
        key="councils",
        asks="Which councils (or teams) take part: names with commas between them, or how many?",
        usual="Five in each of three trials of practice models, which is few; with 20 or more a trial can find things.",
        find="Those that signed up; leave out any that already has the model.",
        example="10",
    ),
    Question(
        key="waves",
        asks="In how many waves do they go live?",
        usual="Five waves, one council each, in those three trials. Fewer and larger waves are easier to run.",
        find="How many councils can the delivery team start at a time?",
        example="5",
    ),
)
_PEOPLE = {
    "yes-no": Question(
        key="people",
        asks="How many children come in between one wave and the next, in one council (one number, or one each)?",
        usual="600 in the protocol of No Wrong Door (half a year); councils differ by a factor of ten.",
        find="Referrals of last year in your case management system, divided by the periods in a year.",
        example="300",
    ),
    "count": Question(
        key="people",
        asks="How many children aged 0 to 17 live in one council (one number, or one each)?",
        usual="About 60,000 in a council of middling size.",
        find="ONS mid-year population estimates, ages 0 to 17.",
        example="60000",
    ),
    "score": Question(
        key="people",
        asks="How many children are measured between one wave and the next, in one council (one number, or one each)?",
        usual="Far fewer than are referred: count those who will really fill in the form.",
        find="Your last survey: sent out and returned.",
        example="50",
    ),
}
_ALIKE = {
    "count": Question(
        key="alike",
        asks="How different are councils' rates, lastingly (standard deviation of the log rate)?",
        usual="0.32 for children starting to be looked after, 0.28 for referrals, 0.35 for section 47 enquiries "
        "(England, councils by year, 2016 to 2025).",
        find="sg.estimate_correlation on five years of published rates.",
        example="0.32",
    ),
    "": Question(
        key="alike",
        asks="How alike are children of one council in one period (ICC)?",
        usual="0.00268 in the protocol of No Wrong Door; a review of 44 outcomes in health found 0.05 in the middle. "
        "0.01 is cautious for being looked after.",
        find="sg.estimate_correlation on your councils' past; a published trial with the same outcome.",
        example="0.01",
    ),
}
_LASTING = {
    "count": Question(
        key="lasting",
        asks="How much does a council's rate move by itself between periods (standard deviation of the log rate)?",
        usual="0.16 for children starting to be looked after, beyond counting noise; 0.195 for referrals, 0.23 for "
        "section 47 enquiries (England, by year).",
        find="sg.estimate_correlation on five years of published rates.",
        example="0.16",
    ),
    "": Question(
        key="lasting",
        asks="How much of that likeness lasts from one period to the next (CAC, 0 to 1)?",
        usual="0.8 from English councils' yearly rates; a review of 44 outcomes in health found 0.73 in the middle. "
        "1 would mean that councils never drift, which is not so.",
        find="sg.estimate_correlation on your councils' past, period by period.",
        example="0.8",
    ),
}
NUMBER = 10
"""How many questions there are."""


def questions(kind: str) -> tuple[Question, ...]:
    """All ten questions, in order, for an outcome of a kind: "yes-no", "count" or "score".

    Examples
    --------
    >>> [question.key for question in questions("yes-no")]
    ['model', 'outcome', 'kind', 'now', 'hoped', 'councils', 'waves', 'people', 'alike', 'lasting']
    """
    alike, lasting = (table.get(kind, table[""]) for table in (_ALIKE, _LASTING))
    return (*_FIRST, _NOW[kind], _HOPED[kind], *_MIDDLE, _PEOPLE[kind], alike, lasting)
