{#
    What people read for a code, in Chinese: `{{ label_zh('scheme', 'payments.scheme') }}`. A code without a label shows
    as itself, so that a new one is seen and not lost; an unknown domain is an error when dbt parses.
#}
{% macro label_zh(domain, column) -%}
    {%- set labels = {
        'content_category': {
            'urgent_shortage': '急需紧缺职业',
            'large_workforce': '就业量大职业',
            'new_industry': '新产业新业态',
            'new_occupation_skill': '新职业技能',
            'general_content': '通用内容',
        },
        'delivery_mode': {'live': '直播', 'recorded': '录播', 'interactive': '互动'},
        'scheme': {
            'training': '职业培训补贴',
            'living_allowance': '生活费补贴',
            'project_prepayment': '项目预拨',
            'project_settlement': '项目结算',
        },
        'fund': {'special_account': '专账资金', 'employment_fund': '就业补助资金'},
        'feed': {
            'courses': '课程',
            'registrations': '报名注册',
            'learning_records': '学习记录',
            'certificates': '培训合格证明',
            'reminders': '督促学习',
            'dispatch_reports': '双周调度表',
            'eligibility_rosters': '资格名册',
            'institutions': '培训评价机构目录',
            'training_projects': '培训项目目录',
            'subsidy_payments': '补贴发放',
            'penalties': '处罚',
        },
        'timeliness': {
            'not_due': '未到期',
            'on_time': '按时',
            'late': '迟报',
            'missing': '未报',
            'empty': '空报',
        },
        'reason': {
            'missing_required': '必填项缺失',
            'bad_type': '类型错误',
            'out_of_range': '超出范围',
            'unknown_enum': '代码未知',
            'identity_invalid': '身份号码无效',
            'uscc_invalid': '统一社会信用代码无效',
            'duplicate_key_in_batch': '批内主键重复',
            'orphaned': '引用对象不存在',
        },
        'subject_kind': {
            'person': '个人',
            'registration': '报名记录',
            'device': '设备',
            'platform': '平台',
            'payment': '补贴申领',
            'project': '培训项目',
        },
        'project_kind': {
            'catalogue': '目录项目',
            'enterprise_online': '企业线上培训',
            'project_based': '项目制培训',
        },
    } -%}
    {%- if domain not in labels -%}
        {{ exceptions.raise_compiler_error('label_zh: no labels for ' ~ domain) }}
    {%- endif -%}
    case {{ column }}
    {%- for code, label in labels[domain].items() %} when '{{ code }}' then '{{ label }}'{% endfor %} else {{ column }} end
{%- endmacro %}
