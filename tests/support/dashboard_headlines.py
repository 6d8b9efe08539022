"""Each headline number of each dashboard, asked of its mart by hand: dashboard → headline → SQL. And the charts that
are empty where their mart has nothing to say."""

from __future__ import annotations

_NEWEST_TARGET = "period_start = (select max(period_start) from marts.target_progress)"
_NATION = "province_code = '000000'"
_WHOLE = "period_start = (select max(period_start) from marts.key_group_participation where is_complete)"
_ANY_GROUP = f"from marts.key_group_participation where {_NATION} and group_code = 'any_key_group' and {_WHOLE}"
_SUBSIDIES = f"""from marts.subsidy_progress where {_NATION}
    and period_start = (select max(period_start) from marts.subsidy_progress where is_complete)"""
_COVERAGE = """from marts.occupation_coverage
    where period_start = (select max(period_start) from marts.occupation_coverage)"""
_SIGNALS = """from marts.supervision_signal_summary
    where period_start = (select max(period_start) from marts.platform_supervision where is_complete)"""
_DUE = """from marts.reporting_timeliness where period_start = (
    select max(period_start) from marts.dim_period
    where due_at <= (select known_at from marts.publication) and is_begun)"""

HEADLINES = {
    "overview": {
        "平台 Platforms": f"""select actual_value from marts.target_progress
            where {_NATION} and target_code = 'platforms' and {_NEWEST_TARGET}""",
        "职业 Occupations": f"""select actual_value from marts.target_progress
            where {_NATION} and target_code = 'occupations' and {_NEWEST_TARGET}""",
        "人次 Registrations": f"""select sum(registrations) from marts.registration_daily
            where {_NATION} and platform_id = '_all'""",
        "人数 Learners": f"""select cumulative_learners from marts.registration_progress
            where {_NATION} and platform_id = '_all' and {_NEWEST_TARGET}""",
    },
    "occupations": {
        "已覆盖 Covered": f"""select actual_value from marts.target_progress
            where {_NATION} and target_code = 'occupations' and {_NEWEST_TARGET}""",
        "已有人学 Taken up": f"select count_if(is_taken_up) {_COVERAGE}",
        "新职业 New ones": f"select count_if(is_covered and is_new_occupation) {_COVERAGE}",
        "未覆盖 Not covered": f"select count_if(not is_covered) {_COVERAGE}",
    },
    "groups-and-regions": {
        "申报 Declared": f"select declared_persons {_ANY_GROUP}",
        "核实 Confirmed": f"select confirmed_persons {_ANY_GROUP}",
        "完成 Completed": f"select completed_persons {_ANY_GROUP}",
        "重点地区 Regions": f"""select learners from marts.key_region_support
            where region_set = 'any_key_region' and {_WHOLE}""",
    },
    "subsidies": {
        "申领金额 Claimed": f"select sum(claimed_amount_cny) {_SUBSIDIES}",
        "批准金额 Approved": f"select sum(approved_amount_cny) {_SUBSIDIES}",
        "拨付金额 Paid": f"select sum(paid_amount_cny) {_SUBSIDIES}",
        "超期未办 Overdue": f"select sum(overdue_claims_count) {_SUBSIDIES}",
    },
    "supervision": {
        "监管信号 Signals": f"select sum(signals_count) {_SIGNALS}",
        "未处理 Open": f"select sum(open_count) {_SIGNALS}",
        "触发规则 Rules": f"select count(distinct rule_id) {_SIGNALS}",
        "人次 Registrations": """select sum(registrations) from marts.platform_supervision
            where period_start = (select max(period_start) from marts.platform_supervision where is_complete)""",
    },
    "dispatch": {
        "应报 Reports due": f"select count(*) {_DUE}",
        "按时 On time": f"select count_if(status = 'on_time') {_DUE}",
        "迟报 Late": f"select count_if(status = 'late') {_DUE}",
        "未报 Missing": f"select count_if(status = 'missing') {_DUE}",
    },
}

# A world that is pulled once has learnt nothing later: no figure of an ended period has changed.
ROWS_OF_WHAT_MAY_BE_EMPTY = {
    "dispatch": {
        "已报各期数字的变化 How figures of ended periods changed": """select count(*) from marts.restatement
            where province_code = '000000' and measure = 'this_period' and value <> value_before""",
    },
}
