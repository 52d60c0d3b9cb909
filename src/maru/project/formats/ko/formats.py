"""Korean puts 오전 and 오후 before the hour; Django's own format puts them after it."""

DATE_FORMAT = "Y년 n월 j일"
TIME_FORMAT = "A g:i"
DATETIME_FORMAT = "Y년 n월 j일 A g:i"
SHORT_DATETIME_FORMAT = "y. n. j. H:i"
