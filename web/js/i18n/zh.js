// 简体中文。

export const language = "zh-Hans";

/** The words of what comes when it is wanted. */
export const more = () => import("./zhMore.js");

export const words = {
  "name.title.first": "欢迎来到 goChat",
  "name.about.first": "取一个大家看得到的名字。它保存在此浏览器中，无需注册账号。",
  "name.label": "你的名字",
  "name.password": "密码",
  "name.enter.first": "开始聊天",
  "name.keep": "取消",
  "name.bad_password": "密码不正确。",
  "name.unknown": "服务器已不认得此浏览器，请重新输入密码。",
  "name.offline": "尚未连接，请连接后再试。",
  "name.closed": "服务器关闭了连接，请重试。",

  "panel.label": "房间与成员",
  "panel.close": "关闭房间与成员",

  "rooms.title": "房间",
  "rooms.count": { other: "{count} 人在此" },
  "rooms.fresh": "有新消息",
  "rooms.find": "查找或新建房间",
  "rooms.unread": { other: "{count} 条未读消息" },
  "rooms.mentions": { other: "{count} 条提到了你" },

  "call.named": "{nick} 在 #{room} 中提到了你",
  "call.said": "{nick} 在 #{room} 中",

  "members.title": { other: "{count} 人在此" },
  "members.me": "你",
  "members.away": "离开",
  "members.others": { other: "另有 {count} 人" },

  "header.menu": "房间与成员",
  "header.menuFresh": "房间与成员：有新消息",
  "search.title": "搜索消息",
  "keys.title": "快捷键",
  "header.setTopic": "设置话题",
  "header.about": "关于 #{room}",

  "connection.connecting": "正在连接…",
  "connection.again": "正在重新连接…",
  "connection.connected": "已连接",
  "connection.waiting": "{seconds} 秒后重新连接",
  "connection.lost": "连接已断开，正在重新连接。",
  "connection.full": "服务器已满，{seconds} 秒后重新连接",
  "connection.barred": "被服务器拒绝",
  "connection.offline": "离线",
  "connection.stopped": "已断开",
  "connection.retry": "重新连接",

  "list.label": "消息",
  "list.empty.title": "还没有消息",
  "list.empty.text": "此房间里的所有人，包括以后加入的人，都能看到你在这里写的内容。",
  "list.loading": "正在加载…",
  "list.beginning": "#{room} 从这里开始。",
  "list.unseen": { other: "{count} 条新消息" },
  "list.since": { other: "{count} 条新消息，自{time}起" },
  "list.newest": "跳到最新消息",
  "list.you": "你",
  "list.bot": "机器人",
  "list.more": "展开",
  "list.less": "收起",
  "list.deleted": "此消息已删除。",
  "list.edited": "已编辑",
  "list.keys": "用方向键在消息之间移动。按 Enter 打开消息操作；R 回复，E 编辑，+ 添加表情，Delete 删除。",
  "list.new": "新消息",
  "list.answers": "回复 {nick}：{text}",
  "list.reacted": "{emoji}，来自{names}",
  "list.queued": "等待发送",
  "list.sent": "正在发送…",
  "list.again": "重试",
  "list.takeBack": "移到输入框",

  "act.sure": "要为所有人删除这条消息吗？",
  "act.delete": "删除",
  "act.keep": "取消",

  "typing.one": "{one} 正在输入…",
  "typing.two": "{one} 和 {two} 正在输入…",
  "typing.many": "多人正在输入…",

  "composer.label": "消息",
  "composer.placeholder": "在 #{room} 里说点什么",
  "composer.send": "发送",
  "composer.save": "保存",
  "composer.editing": "正在编辑你的消息",
  "composer.reply": "回复 {nick}：",
  "composer.older": "回复一条较早的消息",
  "composer.giveUp": "取消",
  "composer.suggestions": "建议",

  "hint.ready": "按 Enter 发送，按 Shift+Enter 换行。",
  "hint.saves": "按 Enter 保存，按 Esc 取消。",
  "hint.breaks": "按 Enter 换行，按 Ctrl+Enter 发送。",
  "hint.left": { other: "还可输入 {count} 个字符。" },
  "hint.connecting": "正在连接。连接后会立即发送你的消息。",
  "hint.waiting": "尚未连接。你的消息会先留在这里，连接后自动发送。",
  "hint.offline": "你的设备处于离线状态。你的消息会先留在这里，联网后自动发送。",
  "hint.full": "服务器已满，页面会自动重试。你的消息会先留在这里。",
  "hint.ended": "服务器关闭了连接。你可以随时重新连接。",

  "panel.self": "{nick}：设置",
  "settings.title": "设置",
};
