"""Result codes of the path interface, with the words that the original answered with.

The texts are wire format: programs compare them, so they stay in the language of the original whatever the reader's. The
codes INFO-000 to ERROR-601 are the original's own; ERROR-337 (calls of the day) and ERROR-429 (too fast) are names that
clients of the original know as well, though its pages list neither.
"""

from __future__ import annotations

from dataclasses import dataclass

_ASK = "지속적으로 발생시 열린 데이터 광장으로 문의(Q&A) 바랍니다."
MESSAGES = {
    "INFO-000": "정상 처리되었습니다",
    "INFO-100": "인증키가 유효하지 않습니다.\n인증키가 없는 경우, 열린 데이터 광장 홈페이지에서 인증키를 신청하십시오.",
    "INFO-200": "해당하는 데이터가 없습니다.",
    "ERROR-300": "필수 값이 누락되어 있습니다.\n요청인자를 참고 하십시오.",
    "ERROR-301": "파일타입 값이 누락 혹은 유효하지 않습니다.\n요청인자 중 TYPE을 확인하십시오.",
    "ERROR-310": "해당하는 서비스를 찾을 수 없습니다.\n요청인자 중 SERVICE를 확인하십시오.",
    "ERROR-331": "요청시작위치 값을 확인하십시오.\n요청인자 중 START_INDEX를 확인하십시오.",
    "ERROR-332": "요청종료위치 값을 확인하십시오.\n요청인자 중 END_INDEX를 확인하십시오.",
    "ERROR-333": "요청위치 값의 타입이 유효하지 않습니다.\n요청위치 값은 정수를 입력하세요.",
    "ERROR-334": "요청종료위치 보다 요청시작위치가 더 큽니다.\n요청시작조회건수는 정수를 입력하세요.",
    "ERROR-335": "샘플데이터(샘플키:sample) 는 한번에 최대 5건을 넘을 수 없습니다.\n요청시작위치와 요청종료위치 값은 1 ~ 5 사이만 가능합니다.",
    "ERROR-336": "데이터요청은 한번에 최대 1000건을 넘을 수 없습니다.\n요청종료위치에서 요청시작위치를 뺀 값이 1000을 넘지 않도록 수정하세요.",
    "ERROR-337": "오늘 호출할 수 있는 횟수를 모두 사용하였습니다.\n내일 다시 요청하십시오.",
    "ERROR-429": "요청이 너무 많습니다.\n잠시 후 다시 요청하십시오.",
    "ERROR-500": f"서버 오류입니다.\n{_ASK}",
    "ERROR-600": f"데이터베이스 연결 오류입니다.\n{_ASK}",
    "ERROR-601": f"SQL 문장 오류 입니다.\n{_ASK}",
}


@dataclass
class Coded(Exception):
    """The path interface answers with this code."""

    code: str

    @property
    def message(self) -> str:
        """The words of the code."""
        return MESSAGES[self.code]
