"""Words of the model city: names that belong to nobody, made from syllables."""

from __future__ import annotations

DISTRICTS: tuple[tuple[str, str], ...] = tuple(
    (words.split()[0], words.split()[1])
    for words in (
        "가람 Garam", "노을 Noeul", "다솔 Dasol", "라온 Raon", "미르 Mireu", "바다 Bada", "새봄 Saebom", "아람 Aram", "자운 Jaun",
        "차오름 Chaoreum", "초롱 Chorong", "큰솔 Keunsol", "터울 Teoul", "푸른 Pureun", "하늘 Haneul", "해솔 Haesol", "한빛 Hanbit",
        "온새 Onsae", "은하 Eunha", "별솔 Byeolsol", "솔밭 Solbat", "달샘 Dalsaem", "늘봄 Neulbom", "이든 Ideun", "다온 Daon",
    )
)  # fmt: skip
HEADS = ("솔", "별", "달", "물", "꽃", "볕", "숲", "들", "샘", "길", "돌", "봄", "참", "새", "옛", "큰", "한")
TAILS = ("빛", "내", "말", "터", "골", "재", "여울", "마루", "언덕", "나루", "다리", "바위")
KINDS = (
    "광장",
    "공원",
    "시장",
    "도서관",
    "사거리",
    "체육관",
    "학교",
    "역",
    "회관",
    "주차장",
    "병원",
    "놀이터",
    "거리",
    "정류장",
)
SHOPS = ("김밥", "세탁", "카페", "철물", "꽃집", "서점", "미용실", "약국", "반찬", "건설", "인쇄", "정육점")


def name(index: int) -> str:
    """A place's name, different for the first 2,856."""
    head, tail, kind = index % 17, index // 17 % 12, index * 5 // 17 % 14
    number = index // (17 * 12 * 14)
    return f"{HEADS[head]}{TAILS[tail]}{KINDS[(kind + index // 204) % 14]}{'' if number == 0 else number + 1}"


def dong(index: int) -> str:
    """A neighbourhood of the 425."""
    head, tail, number = index % 17, index // 17 % 12, index // 204
    return f"{HEADS[head]}{TAILS[tail]}{number + 1 if number else ''}동"


def station(index: int) -> str:
    """A station without the word for station."""
    return f"{HEADS[index * 3 % 17]}{TAILS[index // 17 % 12]}{'' if index < 204 else index // 204 + 1}"


def shop(index: int) -> str:
    """A business."""
    return f"{HEADS[index % 17]}{TAILS[index * 7 % 12]} {SHOPS[index % 12]}"
