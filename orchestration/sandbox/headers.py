"""The Chinese column headers that sandbox senders write instead of the contract's field names.

Two sets: the one that most bureaus share, and platform P031's own, which names some columns otherwise. What a sender of
the real action writes is not published; both sets are this project's own (assumed). The readers' column maps list the
same headers as data; this module is the senders' side of it.
"""

from __future__ import annotations

# field -> header, the same in whichever feed the field stands
COMMON: dict[str, str] = {
    "course_id": "课程编号",
    "title": "课程名称",
    "occupation_code": "职业代码",
    "content_category": "课程类别",
    "class_hours": "课时",
    "grade": "技能等级",
    "delivery_mode": "授课方式",
    "is_free": "是否免费",
    "region_zone": "免费专区",
    "free_until": "免费截止日期",
    "instructor_honour": "讲师荣誉",
    "review_status": "审核状态",
    "published_at": "上架时间",
    "withdrawn_at": "下架时间",
    "updated_at": "更新时间",
    "registration_id": "报名编号",
    "learner_name": "姓名",
    "id_type": "证件类型",
    "id_number": "证件号码",
    "phone": "手机号码",
    "region_code": "行政区划代码",
    "employer_uscc": "单位统一社会信用代码",
    "declared_groups": "申报群体",
    "project_id": "项目编号",
    "real_name_status": "实名状态",
    "registered_at": "报名时间",
    "status": "状态",
    "record_id": "记录编号",
    "kind": "类型",
    "started_at": "开始时间",
    "ended_at": "结束时间",
    "score": "成绩",
    "client_ip": "客户端地址",
    "device_id": "设备编号",
    "face_check": "人脸核验",
    "certificate_no": "证书编号",
    "issued_at": "发证时间",
    "cost_cny": "培训费用",
    "revoked_at": "撤销时间",
    "reminder_id": "督促编号",
    "sent_at": "发送时间",
    "channel": "渠道",
    "period_start": "报告期开始日期",
    "filed_at": "报送时间",
    "version": "版本",
    "indicator_code": "指标代码",
    "this_period": "本期数",
    "cumulative": "累计数",
    "group_code": "群体代码",
    "valid_from": "生效日期",
    "valid_to": "失效日期",
    "institution_uscc": "机构统一社会信用代码",
    "name": "名称",
    "platform_id": "平台编号",
    "enterprise_uscc": "企业统一社会信用代码",
    "affected_by_epidemic": "是否受疫情影响",
    "planned_learners": "计划培训人数",
    "planned_amount": "计划金额",
    "prepaid_share": "预拨比例",
    "starts_on": "开始日期",
    "ends_on": "结束日期",
    "payment_id": "补贴编号",
    "scheme": "补贴类别",
    "fund": "资金来源",
    "payee_kind": "收款方类型",
    "payee_uscc": "收款方统一社会信用代码",
    "amount": "金额",
    "claimed_on": "申领日期",
    "decided_on": "审批日期",
    "paid_on": "支付日期",
    "recovered_on": "追回日期",
    "penalty_id": "处罚编号",
    "subject_kind": "对象类型",
    "subject_id": "对象编号",
    "reason": "事由",
}

# Where P031 names a column otherwise than COMMON; the rest it shares.
P031_OWN: dict[str, str] = {
    "title": "课程标题",
    "course_id": "课程ID",
    "registration_id": "学员报名号",
    "learner_name": "学员姓名",
    "id_number": "身份证件号",
    "region_code": "所在地区划码",
    "registered_at": "注册时间",
    "kind": "学习行为",
    "client_ip": "登录IP",
    "certificate_no": "合格证编号",
    "updated_at": "最后修改时间",
}


def common(fields: list[str]) -> list[str]:
    """The shared Chinese headers of `fields`, in their order."""
    return [COMMON[field] for field in fields]


def p031(fields: list[str]) -> list[str]:
    """Platform P031's headers of `fields`, in their order."""
    return [P031_OWN.get(field, COMMON[field]) for field in fields]
